"""Section 16: how a tool pauses a run, and what the pause leaves behind."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import ValidationError

from penguiflow.catalog import tool
from penguiflow.planner import PlannerPause, ReactPlanner, Trajectory
from tests.contract.planner.fakes_b import Bench, Model, Said, Store, Words, planner_with, steps_of
from tests.fakes.planner_tools import Heard, answer, call, finished, paused, plan

RECORD_KEYS = {"trajectory", "reason", "payload", "constraints", "tool_context"}
TRAJECTORY_KEYS = {
    "query", "llm_context", "tool_context", "artifacts", "sources", "metadata", "steps", "summary",
    "hint_state", "resume_user_input", "steering_inputs",
}  # fmt: skip


def pausing(reason: str, payload: Any = None) -> Any:
    @tool(desc="pauses")
    async def wait(args: Words, ctx: Any) -> Said:
        await ctx.pause(reason, payload)
        raise AssertionError

    return wait


@pytest.mark.parametrize(
    "reason", ["approval_required", "await_input", "external_event", "constraints_conflict"]
)
async def test_a_tool_pauses_the_run_for_each_reason(reason: str) -> None:
    planner, _ = planner_with(call("wait"), catalog=[pausing(reason, {"to": "ada", "n": 1})])
    pause = await planner.run("q")
    assert isinstance(pause, PlannerPause)
    assert (pause.reason, pause.payload) == (reason, {"to": "ada", "n": 1})
    assert re.fullmatch("[0-9a-f]{32}", pause.resume_token)


def test_there_are_no_other_reasons() -> None:
    with pytest.raises(ValidationError):
        PlannerPause(reason="tired", payload={}, resume_token="x")


async def test_a_pause_without_payload_has_an_empty_one() -> None:
    planner, _ = planner_with(call("wait"), catalog=[pausing("await_input")])
    assert paused(await planner.run("q")).payload == {}


async def test_every_pause_has_a_token_of_its_own() -> None:
    planner, _ = planner_with(*[call("ask")] * 20)
    assert len({paused(await planner.run("q")).resume_token for _ in range(20)}) == 20


async def test_the_tool_is_not_continued_and_not_run_again() -> None:
    bench = Bench()
    planner, model = planner_with(call("ask", text="colour"), answer("red then"), bench=bench)
    pause = paused(await planner.run("q"))
    result = finished(await planner.resume(pause.resume_token, "red"))
    assert bench.done == ["ask colour"]
    assert len(model.planning) == 2
    assert result.payload["raw_answer"] == "red then"


async def test_the_model_decides_after_the_resume_and_may_call_the_tool_again() -> None:
    bench = Bench()
    planner, _ = planner_with(call("ask", text="1"), call("ask", text="2"), answer(), bench=bench)
    first = paused(await planner.run("q"))
    second = paused(await planner.resume(first.resume_token, "one"))
    assert second.resume_token != first.resume_token
    finished(await planner.resume(second.resume_token, "two"))
    assert bench.done == ["ask 1", "ask 2"]


async def test_the_pausing_call_is_a_step_and_costs_a_hop_and_keeps_its_streams() -> None:
    @tool(desc="streams and pauses")
    async def wait(args: Words, ctx: Any) -> Said:
        await ctx.emit_chunk("draft", 0, "so far", done=True)
        await ctx.pause("await_input", {"question": "more?"})
        raise AssertionError

    planner, _ = planner_with(call("wait"), answer(), catalog=[wait], hop_budget=5)
    pause = paused(await planner.run("q"))
    result = finished(await planner.resume(pause.resume_token, "no"))
    (step,) = steps_of(result)
    assert step["observation"] == {"pause": "await_input", "payload": {"question": "more?"}}
    assert step["error"] is None
    assert [chunk["text"] for chunk in step["streams"]["draft"]] == ["so far"]
    assert result.metadata["constraints"]["hops_used"] == 1


async def test_pausing_can_be_switched_off_and_is_then_a_failure_of_the_tool() -> None:
    planner, model = planner_with(call("ask"), answer("on my own"), pause_enabled=False)
    result = finished(await planner.run("q"))
    (step,) = steps_of(result)
    assert step["failure"]["error_code"] == "RuntimeError"
    assert "ask" in step["error"]
    assert model.planning[1].last["failure"]["error_code"] == "RuntimeError"
    assert result.payload["raw_answer"] == "on my own"


async def test_a_tool_that_catches_exceptions_does_not_swallow_the_pause() -> None:
    @tool(desc="careful")
    async def careful(args: Words, ctx: Any) -> Said:
        try:
            await ctx.pause("await_input", {})
        except Exception:  # noqa: BLE001  # what is tested
            return Said(said="swallowed")
        raise AssertionError

    planner, _ = planner_with(call("careful"), catalog=[careful])
    assert isinstance(await planner.run("q"), PlannerPause)


async def test_a_pausing_join_pauses_the_run() -> None:
    @tool(desc="join")
    async def merge(args: Words, ctx: Any) -> Said:
        await ctx.pause("await_input", {"question": "merge?"})
        raise AssertionError

    bench = Bench()
    planner, _ = planner_with(
        plan(call("echo"), join={"node": "merge", "args": {"text": "x"}, "inject": {}}),
        answer(),
        catalog=[*bench.catalog(), merge],
    )
    pause = paused(await planner.run("q"))
    assert pause.payload == {"question": "merge?"}
    assert finished(await planner.resume(pause.resume_token, "yes")).reason == "answer_complete"


async def test_the_planner_pauses_only_while_a_run_is_active() -> None:
    planner, _ = planner_with()
    with pytest.raises(RuntimeError):
        await planner.pause("await_input", {})


async def test_a_tool_may_pause_by_the_planner_too() -> None:
    planners: list[ReactPlanner] = []

    @tool(desc="pauses by the planner")
    async def wait(args: Words, ctx: Any) -> Said:
        await planners[0].pause("external_event", {"event": "payment"})
        raise AssertionError

    planner, _ = planner_with(call("wait"), catalog=[wait])
    planners.append(planner)
    pause = paused(await planner.run("q"))
    assert (pause.reason, pause.payload) == ("external_event", {"event": "payment"})


async def test_a_pause_is_told_as_an_event() -> None:
    heard = Heard()
    planner, _ = planner_with(call("ask", text="why"), event_callback=heard)
    paused(await planner.run("q"))
    assert "pause" in heard.kinds()
    assert "finish" not in heard.kinds()


async def test_the_record_goes_to_the_store_once_and_has_the_documented_keys() -> None:
    store = Store()
    planner, _ = planner_with(call("ask", text="why"), state_store=store, hop_budget=3)
    pause = paused(await planner.run("q", llm_context={"a": 1}, tool_context={"tenant": "acme"}))
    assert store.saved == [pause.resume_token]
    record = store.record(pause.resume_token)
    assert record.keys() >= RECORD_KEYS
    assert (record["reason"], record["payload"]) == ("await_input", {"question": "why"})
    assert record["constraints"]["hops_used"] == 1
    trajectory = record["trajectory"]
    assert trajectory.keys() >= TRAJECTORY_KEYS
    assert (trajectory["query"], trajectory["llm_context"]) == ("q", {"a": 1})
    assert [step["observation"] for step in trajectory["steps"]] == [
        {"pause": "await_input", "payload": {"question": "why"}}
    ]
    assert Trajectory.from_serialised(trajectory).query == "q"


async def test_a_run_that_does_not_pause_writes_no_record() -> None:
    store = Store()
    planner = ReactPlanner(llm_client=Model(answer()), catalog=Bench().catalog(), state_store=store)
    await planner.run("q")
    assert store.saved == []
