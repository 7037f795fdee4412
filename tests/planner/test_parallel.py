"""Plans of several calls: what is checked, what runs, and what the join and the model receive."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any

import pytest
from pydantic import BaseModel

from penguiflow.catalog import tool
from tests.fakes.planner_tools import (
    Heard,
    Merged,
    Note,
    Notebook,
    Saved,
    answer,
    call,
    finished,
    plan,
    planner_for,
)

A, B = call("look", text="a"), call("look", text="b")
FAIL = call("fail", text="x")


class Everything(BaseModel):
    results: list[Any] = []
    expect: int = -1
    branches: list[Any] = []
    failures: list[Any] = []
    success_count: int = -1
    failure_count: int = -1


received: list[Everything] = []


@tool(desc="collect")
async def collect(args: Everything, ctx: Any) -> Merged:
    received.append(args)
    assert ctx.tool_context["parallel_success_count"] == args.success_count
    assert len(ctx.tool_context["parallel_results"]) == args.expect
    return Merged(count=len(args.results))


async def run_plan(reply: Any, **options: Any) -> dict[str, Any]:
    options.setdefault("catalog", [*Notebook().catalog(), collect])
    planner, _ = planner_for(reply, answer(), **options)
    step: dict[str, Any] = finished(await planner.run("q")).metadata["steps"][0]
    return step


async def test_branches_run_at_the_same_time_and_report_in_plan_order() -> None:
    barrier = asyncio.Barrier(3)

    @tool(desc="meet")
    async def meet(args: Note, ctx: Any) -> Saved:
        async with asyncio.timeout(5):
            await barrier.wait()
        return Saved(stored=args.text)

    step = await run_plan(plan(*(call("meet", text=str(n)) for n in range(3))), catalog=[meet])
    branches = step["observation"]["branches"]
    assert [branch["observation"]["stored"] for branch in branches] == ["0", "1", "2"]
    assert step["observation"]["stats"] == {"success": 3, "failed": 0}
    assert "join" not in step["observation"]
    assert step["action"]["plan"] == [{"node": "meet", "args": {"text": str(n)}} for n in range(3)]
    assert step["action"]["next_node"] is None


async def test_a_failing_branch_is_told_and_does_not_stop_the_others() -> None:
    step = await run_plan(plan(A, FAIL, join={"node": "collect", "inject": {"results": "$results"}}))
    ok, failed = step["observation"]["branches"]
    assert ok["observation"] == {"stored": "seen a"}
    assert failed["failure"]["suggestion"] == "delete old notes"
    join = step["observation"]["join"]
    assert (join["node"], join["status"], join["reason"]) == ("collect", "skipped", "branch_failures")
    assert join["failures"][0]["node"] == "fail"
    assert step["error"] is None


@pytest.mark.parametrize("form", ["short", "mapping", "implicit"])
async def test_a_join_receives_the_six_sources(form: str, caplog: pytest.LogCaptureFixture) -> None:
    received.clear()
    names = ("results", "expect", "branches", "failures", "success_count", "failure_count")
    sources = {name: f"${name}" for name in names}
    join: dict[str, Any] = {"node": "collect", "args": {"expect": 99} if form != "implicit" else {}}
    if form != "implicit":
        join["inject"] = sources if form == "short" else {"mapping": sources}
    with caplog.at_level(logging.WARNING, "penguiflow.planner"):
        step = await run_plan(plan(A, B, join=join))
    (args,) = received
    assert args.results == [{"stored": "seen a"}, {"stored": "seen b"}]
    assert (args.expect, args.success_count, args.failure_count, args.failures) == (2, 2, 0, [])
    assert [branch["node"] for branch in args.branches] == ["look", "look"]
    assert step["observation"]["join"] == {"node": "collect", "observation": {"count": 2}}
    assert ("Implicit join injection is deprecated" in caplog.text) is (form == "implicit")


@pytest.mark.parametrize(
    ("join", "error"),
    [
        ({"node": "nowhere", "inject": {}}, "is not in the catalog"),
        ({"node": "collect", "inject": {"results": "$all"}}, "$all"),
        ({"node": "look", "inject": {}}, "did not validate"),
        ({"node": "fail", "args": {"text": "x"}, "inject": {}}, "DiskFull"),
    ],
)
async def test_a_join_that_cannot_work_is_an_error_of_the_join(join: dict[str, Any], error: str) -> None:
    step = await run_plan(plan(A, B, join=join))
    assert error in step["observation"]["join"]["error"]
    assert step["observation"]["stats"] == {"success": 2, "failed": 0}


@pytest.mark.parametrize(
    ("steps", "join", "error"),
    [
        ([], None, "at least one branch"),
        (None, None, "at least one branch"),
        (["look"], None, "branch 0"),
        ([{"node": "look", "args": {"text": "a"}}, {"args": {}}], None, "branch 1"),
        ([{"node": "nowhere", "args": {}}, {"node": "look", "args": {}}], None, "nowhere"),
        ([{"node": "look", "args": {}}], None, "did not validate"),
        ([{"node": "look", "args": {"text": "a"}}], {"node": "merge", "args": 5}, "`join`"),
        ([{"node": "look", "args": {"text": "a"}}] * 51, None, "max_parallel=50"),
    ],
)
async def test_a_plan_with_a_mistake_runs_nothing_and_says_what_is_wrong(
    steps: Any, join: Any, error: str
) -> None:
    heard = Heard()
    reply = {"next_node": "parallel", "args": {"steps": steps, "join": join}}
    step = await run_plan(reply, event_callback=heard)
    assert step["error"].startswith("Parallel plan invalid")
    assert error in step["error"]
    assert heard.of("tool_call_start") == []


async def test_branches_and_join_count_as_hops_and_never_exceed_the_budget() -> None:
    notebook = Notebook()
    join = {"node": "merge", "inject": {"results": "$results"}}
    planner, llm = planner_for(plan(A, B, join=join), answer(), notebook=notebook, hop_budget=2)
    result = finished(await planner.run("q"))
    assert "Hop budget" in json.loads(llm.received[1][-1]["content"])["error"]
    assert result.metadata["constraints"]["hops_used"] == 0
    assert result.metadata["constraints"]["hop_exhausted"] is True
    assert notebook.stored == []


async def test_streams_of_branches_are_kept_on_the_step() -> None:
    @tool(desc="talk")
    async def talk(args: Note, ctx: Any) -> Saved:
        await ctx.emit_chunk(args.text, 1, "second", done=True)
        await ctx.emit_chunk(args.text, 0, "first")
        return Saved(stored="")

    step = await run_plan(plan(call("talk", text="s1"), call("talk", text="s2")), catalog=[talk])
    assert {name: [chunk["text"] for chunk in chunks] for name, chunks in step["streams"].items()} == {
        "s1": ["first", "second"],
        "s2": ["first", "second"],
    }


async def test_every_branch_tells_its_own_start_and_result() -> None:
    heard = Heard()
    await run_plan(plan(A, FAIL), event_callback=heard)
    assert [event.extra["tool_call_id"] for event in heard.of("tool_call_start")] == [
        "call_1_parallel_0",
        "call_1_parallel_1",
    ]
    assert [(event.extra["tool_name"], event.extra["ok"]) for event in heard.of("tool_call_result")] == [
        ("look", True),
        ("fail", False),
    ]
