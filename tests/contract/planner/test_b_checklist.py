"""Section 33: the least that every program written for this interface relies on."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from pydantic import Field

from penguiflow.catalog import build_catalog, tool
from tests.contract.planner.fakes_b import Bench, Branches, Count, Said, Words, planner_with, steps_of
from tests.fakes.planner_tools import Heard, answer, call, finished, paused, plan

LEGACY_PLAN = {
    "thought": "both at once",
    "next_node": None,
    "plan": [{"node": "echo", "args": {"text": "a"}}, {"node": "other", "args": {"text": "b"}}],
    "join": None,
}


@pytest.mark.parametrize(
    "script",
    [
        [
            {"next_node": "echo", "args": {"text": "a"}},
            {"next_node": "final_response", "args": {"answer": "yes"}},
        ],
        [
            {"thought": "t", "next_node": "echo", "args": {"text": "a"}, "plan": None, "join": None},
            {"thought": "t", "next_node": None, "args": {"raw_answer": "yes"}},
        ],
    ],
)
async def test_both_shapes_of_an_action_mean_the_same(script: list[Any]) -> None:
    planner, model = planner_with(*script)
    result = finished(await planner.run("q"))
    assert result.payload["raw_answer"] == "yes"
    assert steps_of(result)[0]["observation"] == {"said": "a"}
    assert model.planning[1].last == {"observation": {"said": "a"}}


@pytest.mark.parametrize("reply", [LEGACY_PLAN, plan(call("echo", text="a"), call("other", text="b"))])
async def test_both_shapes_of_a_plan_mean_the_same(reply: Any) -> None:
    bench = Bench()
    planner, _ = planner_with(reply, answer(), bench=bench)
    (step,) = steps_of(await planner.run("q"))
    assert [branch["node"] for branch in step["action"]["plan"]] == ["echo", "other"]
    assert [branch["observation"]["said"] for branch in step["observation"]["branches"]] == ["a", "b"]
    assert step["observation"]["stats"] == {"success": 2, "failed": 0}


async def test_a_failure_is_told_with_a_remedy_and_the_run_goes_on() -> None:
    planner, model = planner_with(call("fail"), answer("without it"))
    result = finished(await planner.run("q"))
    told = model.planning[1].last
    assert told["failure"]["suggestion"] == "mend it first"
    for part in ("fail", "BrokenError", "it is broken"):
        assert part in told["error"]
    assert result.payload["raw_answer"] == "without it"


class SixSources(Branches):
    success_count: int = 0
    failure_count: int = 0
    branches: list[Any] = Field(default_factory=list)


INJECT = {
    "expect": "$expect", "results": "$results", "branches": "$branches", "failures": "$failures",
    "success_count": "$success_count", "failure_count": "$failure_count",
}  # fmt: skip


def six(seen: list[SixSources]) -> Any:
    async def merge(args: SixSources, ctx: Any) -> Count:
        seen.append(args)
        return Count(count=args.expect)

    return tool(desc="merge")(merge)


@pytest.mark.parametrize("inject", [INJECT, {"mapping": INJECT}, None])
async def test_a_join_gets_six_sources_and_by_name_only_with_a_warning(
    inject: Any, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[SixSources] = []
    join: dict[str, Any] = {"node": "merge", "args": {}}
    if inject is not None:
        join["inject"] = inject
    planner, _ = planner_with(
        plan(call("echo", text="a"), call("other", text="b"), join=join),
        answer(),
        catalog=[*Bench().catalog(), six(seen)],
    )
    with caplog.at_level(logging.WARNING, "penguiflow.planner"):
        (step,) = steps_of(await planner.run("q"))
    (args,) = seen
    assert args.results == [{"said": "a"}, {"said": "b"}]
    assert (args.expect, args.success_count, args.failure_count, args.failures) == (2, 2, 0, [])
    assert [branch["node"] for branch in args.branches] == ["echo", "other"]
    assert step["observation"]["join"] == {"node": "merge", "observation": {"count": 2}}
    assert ("Implicit join injection is deprecated" in caplog.text) is (inject is None)


@pytest.mark.parametrize("on_failure", [None, "skip", "partial"])
async def test_a_join_is_skipped_when_a_branch_failed_unless_it_may_run(on_failure: str | None) -> None:
    bench = Bench()
    join: dict[str, Any] = {
        "node": "join", "args": {}, "inject": {"results": "$results", "failures": "$failures"},
    }  # fmt: skip
    if on_failure is not None:
        join["on_failure"] = on_failure
    planner, _ = planner_with(plan(call("echo"), call("fail"), join=join), answer(), bench=bench)
    (step,) = steps_of(await planner.run("q"))
    told = step["observation"]["join"]
    if on_failure == "partial":
        assert told["observation"] == {"count": 1}
        assert [failure["node"] for failure in bench.joins[0].failures] == ["fail"]
    else:
        assert told.items() >= {"node": "join", "status": "skipped", "reason": "branch_failures"}.items()
        assert [failure["node"] for failure in told["failures"]] == ["fail"]
        assert bench.joins == []


async def test_the_context_of_a_tool_offers_everything() -> None:
    seen: list[Any] = []
    marker = object()

    @tool(desc="looks around")
    async def look(args: Words, ctx: Any) -> Said:
        seen.extend([dict(ctx.llm_context), ctx.tool_context["marker"] is marker, ctx.artifacts is not None])
        with pytest.warns(DeprecationWarning, match="meta"):
            meta = ctx.meta
        seen.append((meta["a"], meta["marker"] is marker))
        with pytest.raises(TypeError):
            ctx.llm_context["a"] = 2
        return Said(said="ok")

    planner, _ = planner_with(call("look"), answer(), catalog=[look])
    await planner.run("q", llm_context={"a": 1}, tool_context={"marker": marker})
    assert seen == [{"a": 1}, True, True, (1, True)]


async def test_the_older_name_of_the_context_is_read_with_a_warning() -> None:
    planner, model = planner_with(answer())
    with pytest.warns(DeprecationWarning, match="context_meta"):
        await planner.run("q", context_meta={"a": 1})
    assert json.loads(model.planning[0].messages[1]["content"]) == {"context": {"a": 1}, "query": "q"}


async def test_a_plan_over_the_absolute_limit_runs_nothing() -> None:
    bench = Bench()
    planner, _ = planner_with(plan(*[call("echo")] * 3), answer(), bench=bench, absolute_max_parallel=2)
    assert steps_of(await planner.run("q"))[0]["error"]
    assert bench.done == []


async def test_the_events_that_programs_listen_to_are_told() -> None:
    @tool(desc="streams and pauses")
    async def stream(args: Words, ctx: Any) -> Said:
        await ctx.emit_chunk("s", 0, "text")
        await ctx.emit_artifact("a", {"x": 1})
        await ctx.pause("await_input", {})
        raise AssertionError

    heard = Heard()
    planner, _ = planner_with(
        call("stream"), call("echo"), answer(),
        catalog=[*Bench().catalog(), stream], event_callback=heard,
    )  # fmt: skip
    pause = paused(await planner.run("q"))
    await planner.resume(pause.resume_token, "go")
    assert set(heard.kinds()) >= {
        "step_start", "step_complete", "tool_call_start", "tool_call_end", "tool_call_result", "stream_chunk",
        "artifact_chunk", "llm_stream_chunk", "resume", "finish",
    }  # fmt: skip


async def test_plain_functions_are_a_catalog() -> None:
    @tool(desc="plain")
    async def plain(args: Words, ctx: Any) -> Said:
        return Said(said="plain")

    planner, _ = planner_with(call("plain"), answer(), catalog=build_catalog([plain]))
    assert steps_of(await planner.run("q"))[0]["observation"] == {"said": "plain"}
