"""Section 21: what a planner tells its listener, in which order and with which fields."""

from __future__ import annotations

import dataclasses
import json
import logging
from typing import Any

import pytest

from penguiflow.artifacts import InMemoryArtifactStore
from penguiflow.catalog import tool
from penguiflow.planner import PlannerEvent
from tests.contract.planner.fakes_b import Said, Words, planner_with
from tests.fakes.planner_tools import Heard, answer, call, finished, paused, plan

DOCUMENTED = {
    "step_start", "step_complete", "tool_call_start", "tool_call_end", "tool_call_result", "stream_chunk",
    "artifact_chunk", "artifact_stored", "llm_stream_chunk", "resume", "finish",
}  # fmt: skip


async def hear(*replies: Any, **options: Any) -> Heard:
    heard = Heard()
    planner, _ = planner_with(*replies, event_callback=heard, **options)
    await planner.run("q")
    return heard


def test_an_event_has_its_fields_and_is_frozen() -> None:
    event = PlannerEvent(event_type="finish", ts=1.0, trajectory_step=2)
    names = ("thought", "node_name", "latency_ms", "token_estimate", "error")
    assert [getattr(event, name) for name in names] == [None] * 5
    assert dict(event.extra) == {}
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.ts = 2.0  # type: ignore[misc]  # what is tested


def test_the_payload_of_an_event_is_flat_and_fit_for_a_log_record() -> None:
    reserved = (
        "args", "msg", "levelname", "levelno", "exc_info", "message", "name", "filename", "pathname",
        "module", "lineno", "funcName", "created", "thread", "threadName", "process", "stack_info",
        "exc_text",
    )  # fmt: skip
    event = PlannerEvent(
        event_type="finish",
        ts=1.0,
        trajectory_step=2,
        thought="t",
        error="e",
        extra={"a": 1} | dict.fromkeys(reserved),
    )
    assert event.to_payload() == {
        "event": "finish", "ts": 1.0, "step": 2, "thought": "t", "error": "e", "a": 1,
    }  # fmt: skip


async def test_a_tool_call_and_an_answer_come_in_order() -> None:
    heard = await hear(call("echo"), answer())
    assert [kind for kind in heard.kinds() if kind in DOCUMENTED] == [
        "step_start", "llm_stream_chunk", "llm_stream_chunk",
        "tool_call_start", "tool_call_end", "tool_call_result", "step_complete",
        "step_start", "llm_stream_chunk", "llm_stream_chunk", "finish",
    ]  # fmt: skip
    markers = [(e.extra["text"], e.extra["done"], e.extra["phase"]) for e in heard.of("llm_stream_chunk")]
    assert markers == [("", False, "action"), ("", True, "action")] * 2


async def test_every_step_has_a_number() -> None:
    heard = await hear(call("echo"), call("fail"), answer())
    numbers = [event.extra["action_seq"] for event in heard.of("step_start")]
    assert numbers == [1, 2, 3]
    assert [event.trajectory_step for event in heard.of("step_start")] == [0, 1, 2]


async def test_a_tool_call_tells_its_arguments_and_its_result() -> None:
    heard = await hear(call("echo", text="a"), answer())
    (start,), (end,), (result,) = (heard.of(f"tool_call_{kind}") for kind in ("start", "end", "result"))
    assert json.loads(start.extra["args_json"]) == {"text": "a"}
    assert json.loads(result.extra["result_json"]) == {"said": "a"}
    for event in (start, end, result):
        assert (event.extra["tool_name"], event.extra["action_seq"]) == ("echo", 1)
    assert start.extra["tool_call_id"] == end.extra["tool_call_id"] == result.extra["tool_call_id"]


async def test_a_failing_call_tells_error_and_failure() -> None:
    heard = await hear(call("fail"), answer())
    told = json.loads(heard.of("tool_call_result")[0].extra["result_json"])
    assert "it is broken" in told["error"]
    assert told["failure"]["error_code"] == "BrokenError"


async def test_a_pausing_call_tells_the_pause() -> None:
    heard = Heard()
    planner, _ = planner_with(call("ask", text="why"), event_callback=heard)
    paused(await planner.run("q"))
    told = json.loads(heard.of("tool_call_result")[0].extra["result_json"])
    assert told == {"pause": "await_input", "payload": {"question": "why"}}


async def test_a_completed_step_tells_node_thought_and_time() -> None:
    heard = await hear(call("echo", "because"), answer())
    (event,) = heard.of("step_complete")
    assert (event.node_name, event.thought, event.trajectory_step) == ("echo", "because", 0)
    assert event.latency_ms is not None
    assert event.latency_ms >= 0


async def test_every_recorded_step_is_told_as_complete() -> None:
    heard = await hear(
        call("echo"), call("fail"), call("nowhere"), plan(call("echo"), call("other")), answer()
    )
    assert [event.trajectory_step for event in heard.of("step_complete")] == [0, 1, 2, 3]


async def test_branches_and_join_have_call_ids_of_their_own() -> None:
    join = {"node": "join", "args": {}, "inject": {"results": "$results"}}
    heard = await hear(plan(call("echo"), call("other"), join=join), answer())
    assert {event.extra["tool_call_id"] for event in heard.of("tool_call_start")} == {
        "call_1_parallel_0", "call_1_parallel_1", "call_1_parallel_join",
    }  # fmt: skip


async def test_chunks_and_artifacts_of_a_tool_are_told() -> None:
    @tool(desc="streams")
    async def stream(args: Words, ctx: Any) -> Said:
        await ctx.emit_chunk("words", 0, "one")
        await ctx.emit_artifact("chart", {"x": 1}, done=True)
        return Said(said="ok")

    heard = await hear(call("stream"), answer(), catalog=[stream])
    (chunk,), (artifact,) = heard.of("stream_chunk"), heard.of("artifact_chunk")
    assert chunk.extra.items() >= {
        "stream_id": "words", "seq": 0, "text": "one", "done": False, "meta": {"channel": "thinking"},
    }.items()  # fmt: skip
    assert artifact.extra.items() >= {
        "stream_id": "chart", "seq": 0, "chunk": {"x": 1}, "done": True, "artifact_type": "dict",
    }.items()  # fmt: skip
    assert "meta" in artifact.extra


async def test_a_stored_artifact_is_told() -> None:
    @tool(desc="stores")
    async def store(args: Words, ctx: Any) -> Said:
        await ctx.artifacts.put_text("some text", filename="note.txt", namespace="notes")
        return Said(said="ok")

    heard = await hear(call("store"), answer(), catalog=[store], artifact_store=InMemoryArtifactStore())
    (event,) = heard.of("artifact_stored")
    assert event.extra["artifact_id"]
    assert event.extra["mime_type"].startswith("text/plain")
    assert event.extra["size_bytes"] == len("some text")
    assert event.extra["artifact_filename"] == "note.txt"
    assert event.extra["source"]["namespace"] == "notes"


async def test_the_finish_tells_reason_and_cost() -> None:
    heard = await hear({"thought": "done", "next_node": None, "args": {"answer": "x"}})
    (event,) = heard.of("finish")
    assert (event.extra["reason"], event.extra["answer_action_seq"]) == ("answer_complete", 1)
    assert event.extra["cost"]["main_llm_calls"] == 1
    assert event.thought == "done"


@pytest.mark.parametrize(
    ("options", "reason"), [({"max_iters": 1}, "no_path"), ({"deadline_s": 0}, "budget_exhausted")]
)
async def test_every_end_is_told(options: dict[str, Any], reason: str) -> None:
    heard = await hear(call("echo"), **options)
    assert [event.extra["reason"] for event in heard.of("finish")] == [reason]


async def test_a_listener_that_fails_is_logged_and_disturbs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def broken(event: PlannerEvent) -> None:
        raise ValueError("no")

    planner, _ = planner_with(call("echo"), answer("fine"), event_callback=broken)
    with caplog.at_level(logging.WARNING, "penguiflow.planner"):
        assert finished(await planner.run("q")).payload["raw_answer"] == "fine"
    assert "event_callback_error" in caplog.text


async def test_the_listener_is_called_before_the_run_goes_on() -> None:
    order: list[str] = []

    @tool(desc="notes the time")
    async def note(args: Words, ctx: Any) -> Said:
        order.append("tool")
        return Said(said="ok")

    def listen(event: PlannerEvent) -> None:
        order.append(event.event_type)

    planner, _ = planner_with(call("note"), answer(), catalog=[note], event_callback=listen)
    await planner.run("q")
    assert order.index("tool_call_start") < order.index("tool") < order.index("tool_call_result")


async def test_events_are_logged_and_streamed_text_only_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    planner, _ = planner_with(call("echo"), answer())
    with caplog.at_level(logging.DEBUG, "penguiflow.planner"):
        await planner.run("q")
    levels = {getattr(record, "event", None): record.levelno for record in caplog.records}
    assert levels["step_start"] == levels["finish"] == logging.INFO
    assert levels["llm_stream_chunk"] == logging.DEBUG
