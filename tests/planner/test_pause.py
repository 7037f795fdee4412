"""Tools that stop to ask a person, and runs that go on with what was said."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest

from penguiflow.catalog import tool
from penguiflow.planner import PauseRecordError, ReactPlanner
from penguiflow.planner.approvals import Approve, DecisionError, Edit, Reject, Respond
from penguiflow.state.in_memory import InMemoryStateStore
from tests.fakes.planner_tools import (
    Heard,
    Note,
    Notebook,
    Saved,
    answer,
    call,
    finished,
    paused,
    plan,
    planner_for,
)

ASK = call("ask", text="which one?")


async def test_a_tool_can_ask_and_the_model_hears_what_was_said() -> None:
    planner, llm = planner_for(ASK, call("look", text="x"), answer())
    pause = paused(await planner.run("q"))
    assert (pause.reason, pause.payload, len(pause.resume_token)) == (
        "await_input",
        {"question": "which one?"},
        32,
    )
    result = finished(await planner.resume(pause.resume_token, "the red one"))
    assert [message["content"] for message in llm.received[1][-2:]] == [
        '{"observation":{"pause":"await_input","payload":{"question":"which one?"}}}',
        "Resume input: the red one",
    ]
    assert result.metadata["steps"][0]["observation"]["pause"] == "await_input"
    assert result.metadata["constraints"]["hops_used"] == 2


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (Approve(), "approved"),
        (Reject("no"), "rejected: no"),
        (Reject(), "rejected"),
        (Respond("red"), "red"),
    ],
)
async def test_a_decision_can_answer_a_question_too(said: Any, heard: str) -> None:
    planner, llm = planner_for(ASK, answer())
    await planner.resume(paused(await planner.run("q")).resume_token, said)
    assert llm.received[1][-1]["content"] == f"Resume input: {heard}"


async def test_a_question_has_no_arguments_to_edit() -> None:
    planner, _ = planner_for(ASK, answer())
    pause = paused(await planner.run("q"))
    with pytest.raises(DecisionError):
        await planner.resume(pause.resume_token, Edit({}))
    assert await planner.check_edit(pause.resume_token, {}) == ["no call waits under this token"]
    finished(await planner.resume(pause.resume_token))


@pytest.mark.parametrize("swallowed", [Exception, BaseException])
async def test_a_tool_cannot_swallow_its_own_pause(swallowed: type[BaseException]) -> None:
    @tool(desc="careless")
    async def careless(args: Note, ctx: Any) -> Saved:
        with suppress(swallowed):
            await ctx.pause("external_event", {"waits": "for the bank"})
        return Saved(stored="as if nothing was")

    planner, _ = planner_for(call("careless", text="x"), answer(), catalog=[careless])
    assert paused(await planner.run("q")).reason == "external_event"


async def test_a_pause_inside_a_tools_own_task_group_pauses_the_run() -> None:
    @tool(desc="grouped")
    async def grouped(args: Note, ctx: Any) -> Saved:
        async with asyncio.TaskGroup() as group:
            group.create_task(ctx.pause("await_input", {}))
        raise AssertionError

    planner, _ = planner_for(call("grouped", text="x"), answer(), catalog=[grouped])
    assert paused(await planner.run("q")).reason == "await_input"


@pytest.mark.parametrize(
    ("reason", "payload", "code"),
    [("whenever", {}, "ValueError"), ("await_input", {"x": object()}, "TypeError")],
)
async def test_a_pause_that_nobody_could_show_or_store_is_the_tools_error(
    reason: Any, payload: Any, code: str
) -> None:
    @tool(desc="odd")
    async def odd(args: Note, ctx: Any) -> Saved:
        await ctx.pause(reason, payload)
        raise AssertionError

    planner, llm = planner_for(call("odd", text="x"), answer(), catalog=[odd])
    finished(await planner.run("q"))
    assert json.loads(llm.received[1][-1]["content"])["failure"]["error_code"] == code


async def test_without_pauses_asking_is_a_failure_of_the_tool() -> None:
    planner, llm = planner_for(ASK, answer(), pause_enabled=False)
    finished(await planner.run("q"))
    assert "pause_enabled=False" in json.loads(llm.received[1][-1]["content"])["error"]


async def test_a_tool_without_context_can_pause_through_the_planner() -> None:
    holder: list[ReactPlanner] = []

    @tool(desc="indirect")
    async def indirect(args: Note) -> Saved:
        await holder[0].pause("await_input", {"question": args.text})
        raise AssertionError

    planner, _ = planner_for(call("indirect", text="?"), answer(), catalog=[indirect])
    holder.append(planner)
    assert paused(await planner.run("q")).payload == {"question": "?"}
    with pytest.raises(RuntimeError):
        await planner.pause("await_input")


async def test_all_questions_of_a_plan_are_asked_one_after_the_other() -> None:
    planner, llm = planner_for(
        plan(
            call("ask", text="one?"), call("look", text="x"), call("ask", text="two?"), call("save", text="s")
        ),
        answer(),
        state_store=InMemoryStateStore(),
    )
    approval = paused(await planner.run("q"))
    assert approval.reason == "approval_required"
    first = paused(await planner.resume(approval.resume_token, "approve"))
    assert first.payload == {"question": "one?"}
    second = paused(await planner.resume(first.resume_token, "1"))
    assert second.payload == {"question": "two?"}
    result = finished(await planner.resume(second.resume_token, "2"))
    assert [message["content"] for message in llm.received[1][-2:]] == [
        'Resume input: 1 (answers what `ask` asked: {"question":"one?"})',
        'Resume input: 2 (answers what `ask` asked: {"question":"two?"})',
    ]
    branches = result.metadata["steps"][0]["observation"]["branches"]
    assert [sorted(branch.keys() - {"node", "args"}) for branch in branches] == [
        ["pause"], ["observation"], ["pause"], ["observation"]
    ]  # fmt: skip


async def test_a_pausing_branch_skips_the_join() -> None:
    join = {"node": "merge", "args": {}, "inject": {"results": "$results"}}
    notebook = Notebook()
    planner, _ = planner_for(plan(ASK, call("look", text="x"), join=join), answer(), notebook=notebook)
    result = finished(await planner.resume(paused(await planner.run("q")).resume_token, "go"))
    assert result.metadata["steps"][0]["observation"]["join"]["reason"] == "pause"
    assert notebook.stored == []


async def test_the_tool_context_of_resume_replaces_the_recorded_one() -> None:
    seen: list[dict[str, Any]] = []

    @tool(desc="peek")
    async def peek(args: Note, ctx: Any) -> Saved:
        seen.append(dict(ctx.tool_context))
        return Saved(stored="")

    catalog = [*Notebook().catalog(), peek]
    planner, _ = planner_for(ASK, call("peek", text="x"), answer(), catalog=catalog)
    pause = paused(await planner.run("q", tool_context={"tenant": "a", "old": 1}))
    await planner.resume(pause.resume_token, "go", tool_context={"tenant": "b"})
    assert seen == [{"tenant": "b"}]


async def test_time_spent_waiting_for_people_does_not_count() -> None:
    now = [0.0]
    planner, _ = planner_for(ASK, answer(), deadline_s=10.0, time_source=lambda: now[0])
    pause = paused(await planner.run("q"))
    now[0] = 1_000.0
    result = finished(await planner.resume(pause.resume_token, "go"))
    assert result.reason == "answer_complete"
    assert result.metadata["constraints"]["deadline_remaining_s"] == 10.0


async def test_a_run_that_was_broken_off_and_stored_equals_one_that_was_not() -> None:
    """The messages after a resume from the store are those of a planner that kept everything in memory."""
    script = [
        call("look", "t", text="x"),
        ASK,
        call("fail", text="y"),
        plan(ASK, call("look", text="z")),
        answer(),
    ]
    received, steps = [], []
    for break_off in (False, True):
        store = InMemoryStateStore()
        planner, llm = planner_for(*script, state_store=store)
        result = await planner.run("q", llm_context={"a": 1})
        while not hasattr(result, "metadata"):
            if break_off:
                planner = planner.fork()
            result = await planner.resume(paused(result).resume_token, "said")
        received.append(llm.received)
        steps.append([{**step, "latency_ms": 0} for step in finished(result).metadata["steps"]])
    assert received[0] == received[1]
    assert steps[0] == steps[1]


async def test_resuming_tells_an_event_with_what_was_said() -> None:
    heard = Heard()
    planner, _ = planner_for(ASK, answer(), event_callback=heard)
    pause = paused(await planner.run("q"))
    await planner.resume(pause.resume_token, "red")
    assert heard.of("resume")[0].extra == {"user_input": "red"}
    results = [json.loads(event.extra["result_json"]) for event in heard.of("tool_call_result")]
    assert results == [{"pause": "await_input", "payload": {"question": "which one?"}}]


async def test_a_damaged_record_is_a_typed_error() -> None:
    store = InMemoryStateStore()
    await store.save_planner_state("x", {"v": 1, "trajectory": {}})
    planner, _ = planner_for(state_store=store)
    with pytest.raises(PauseRecordError):
        await planner.resume("x", "go")
