"""Section 17: what a finished run tells beside its answer."""

from __future__ import annotations

from typing import Any

import pytest

from penguiflow.catalog import tool
from tests.contract.planner.fakes_b import Said, Words, planner_with, steps_of
from tests.fakes.planner_tools import Heard, answer, call, finished, plan

ALWAYS = {
    "reason", "thought", "steps", "step_count", "artifacts", "sources", "llm_context", "tool_context", "cost",
    "constraints", "validation_failures_count", "repair_attempts", "salvage_used", "args_invalid_count",
    "args_suspect_count", "consecutive_arg_failures", "autofill_rejection_count", "arg_fill_success_count",
    "arg_fill_failure_count", "finish_repair_success_count", "finish_repair_failure_count",
    "answer_action_seq", "answer_quality",
}  # fmt: skip
COUNTERS = {key for key in ALWAYS if key.endswith("_count") and key != "step_count"} | {
    "repair_attempts", "consecutive_arg_failures",
}  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "script", "options"),
    [
        ("answer_complete", [call("echo"), answer()], {}),
        ("no_path", [call("echo")], {"max_iters": 1}),
        ("budget_exhausted", [call("echo"), call("echo", text="y")], {"max_iters": 2, "hop_budget": 1}),
    ],
)
async def test_every_end_has_the_same_keys(reason: str, script: list[Any], options: dict[str, Any]) -> None:
    planner, _ = planner_with(*script, **options)
    result = finished(await planner.run("q"))
    metadata = result.metadata
    assert result.reason == metadata["reason"] == reason
    assert metadata.keys() >= ALWAYS
    assert metadata["step_count"] == len(metadata["steps"])
    assert isinstance(metadata["thought"], str)
    assert isinstance(metadata["salvage_used"], bool)
    assert all(isinstance(metadata[key], int) for key in COUNTERS)
    assert (metadata["artifacts"], metadata["sources"]) == ({}, [])
    assert "reflection" not in metadata


async def test_a_run_without_trouble_counts_none() -> None:
    planner, _ = planner_with(call("echo"), answer())
    metadata = finished(await planner.run("q")).metadata
    assert {key: metadata[key] for key in COUNTERS} == dict.fromkeys(COUNTERS, 0)
    assert metadata["salvage_used"] is False
    assert "error" not in metadata or metadata["error"] is None
    assert not metadata.get("requires_followup")


async def test_the_answer_is_no_step() -> None:
    planner, _ = planner_with(answer("at once"))
    result = finished(await planner.run("q"))
    assert (result.metadata["steps"], result.metadata["step_count"]) == ([], 0)


async def test_a_step_tells_action_observation_and_error() -> None:
    planner, _ = planner_with(call("echo", "why", text="a"), call("fail", text="b"), answer())
    good, bad = steps_of(await planner.run("q"))
    assert good["action"] == {
        "thought": "why", "next_node": "echo", "args": {"text": "a"}, "plan": None, "join": None,
    }  # fmt: skip
    assert (good["observation"], good["error"], good["failure"]) == ({"said": "a"}, None, None)
    assert "streams" not in good
    assert bad["observation"] is None
    assert "fail" in bad["error"]
    assert (
        bad["failure"].items()
        >= {
            "node": "fail",
            "args": {"text": "b"},
            "error_code": "BrokenError",
            "message": "it is broken",
            "suggestion": "mend it first",
        }.items()
    )


async def test_a_parallel_step_is_told_in_the_older_form() -> None:
    planner, _ = planner_with(plan(call("echo", text="a"), call("other", text="b")), answer())
    (step,) = steps_of(await planner.run("q"))
    action = step["action"]
    assert (action["next_node"], action["args"], action["join"]) == (None, None, None)
    assert action["plan"] == [
        {"node": "echo", "args": {"text": "a"}}, {"node": "other", "args": {"text": "b"}},
    ]  # fmt: skip


async def test_streams_are_kept_by_their_id_and_sorted() -> None:
    @tool(desc="streams")
    async def stream(args: Words, ctx: Any) -> Said:
        await ctx.emit_chunk("words", 2, "three", done=True)
        await ctx.emit_chunk("words", 0, "one")
        await ctx.emit_chunk("words", 1, "two", meta={"channel": "answer"})
        await ctx.emit_artifact("chart", {"x": 1}, done=True, artifact_type="plot")
        return Said(said="ok")

    planner, _ = planner_with(call("stream"), answer(), catalog=[stream])
    (step,) = steps_of(await planner.run("q"))
    words, chart = step["streams"]["words"], step["streams"]["chart"]
    assert [(chunk["seq"], chunk["text"], chunk["done"]) for chunk in words] == [
        (0, "one", False), (1, "two", False), (2, "three", True),
    ]  # fmt: skip
    assert all(chunk.keys() == {"seq", "text", "done", "meta", "ts"} for chunk in words)
    assert words[1]["meta"] == {"channel": "answer"}
    assert [chunk.keys() for chunk in chart] == [{"seq", "chunk", "artifact_type", "done", "meta", "ts"}]
    assert (chart[0]["seq"], chart[0]["chunk"], chart[0]["artifact_type"]) == (0, {"x": 1}, "plot")


async def test_the_streams_of_a_failing_tool_are_kept() -> None:
    @tool(desc="streams and fails")
    async def stream(args: Words, ctx: Any) -> Said:
        await ctx.emit_chunk("words", 0, "so far")
        raise RuntimeError("cut")

    planner, _ = planner_with(call("stream"), answer(), catalog=[stream])
    (step,) = steps_of(await planner.run("q"))
    assert [chunk["text"] for chunk in step["streams"]["words"]] == ["so far"]


async def test_the_answer_names_the_step_that_gave_it() -> None:
    heard = Heard()
    planner, _ = planner_with(call("echo"), answer(), event_callback=heard)
    metadata = finished(await planner.run("q")).metadata
    assert metadata["answer_action_seq"] == heard.of("step_start")[-1].extra["action_seq"]
    assert heard.of("finish")[0].extra["answer_action_seq"] == metadata["answer_action_seq"]


async def test_the_first_run_of_one_step_has_the_number_one() -> None:
    planner, _ = planner_with(answer())
    assert finished(await planner.run("q")).metadata["answer_action_seq"] == 1


async def test_the_contexts_are_told_without_that_of_the_tools() -> None:
    planner, _ = planner_with(answer(), answer())
    first = finished(await planner.run("q", llm_context={"a": 1}, tool_context={"secret": "s3"}))
    assert (first.metadata["llm_context"], first.metadata["tool_context"]) == ({"a": 1}, {})
    second = finished(await planner.run("q"))
    assert (second.metadata["llm_context"], second.metadata["tool_context"]) == ({}, {})


async def test_the_thought_of_the_answer_is_told() -> None:
    planner, _ = planner_with({"thought": "that is it", "next_node": None, "args": {"raw_answer": "yes"}})
    assert finished(await planner.run("q")).metadata["thought"] == "that is it"


async def test_the_iteration_limit_tells_the_last_observation_as_it_is() -> None:
    planner, _ = planner_with(call("echo", text="last"), max_iters=1)
    result = finished(await planner.run("q"))
    assert result.payload == {"said": "last"}
    assert result.metadata["thought"] == "iteration limit reached"


async def test_after_a_failed_last_step_there_is_no_observation() -> None:
    planner, _ = planner_with(call("fail"), max_iters=1)
    assert finished(await planner.run("q")).payload is None
