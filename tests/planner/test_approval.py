"""Calls that wait for a person: the decision, the durable record, and what the model hears of it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from penguiflow.catalog import tool
from penguiflow.llm.scripted import ScriptedLLM
from penguiflow.planner import (
    PauseNotSavedError,
    PauseRecordError,
    PlannerPause,
    ReactPlanner,
    UnknownTokenError,
)
from penguiflow.planner.approvals import Approve, DecisionError, Edit, Reject, Respond, call_hash
from penguiflow.state.in_memory import InMemoryStateStore
from penguiflow.state.sqlite import SqliteStateStore
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

SAVE = call("save", "the user asked for it", text="milk")


async def asked(
    notebook: Notebook, *more: Any, **options: Any
) -> tuple[ReactPlanner, ScriptedLLM, PlannerPause]:
    planner, llm = planner_for(SAVE, *more or (answer(),), notebook=notebook, **options)
    return planner, llm, paused(await planner.run("save milk"))


async def test_the_call_waits_and_the_request_shows_exactly_what_would_run() -> None:
    notebook = Notebook()
    _, _, pause = await asked(notebook)
    assert notebook.stored == []
    assert pause.reason == "approval_required"
    args = {"text": "milk", "copies": 1}
    assert pause.payload == {
        "tool": "save",
        "args": args,
        "call_id": "call_1",
        "call_hash": call_hash("save", args),
        "args_schema": {
            "type": "object",
            "properties": {"text": {"type": "string"}, "copies": {"type": "integer", "default": 1}},
            "required": ["text"],
        },
        "description": "Save a note",
        "side_effects": "write",
        "thought": "the user asked for it",
    }


@pytest.mark.parametrize(
    "decision", ["approve", Approve(), Approve(call_hash("save", {"text": "milk", "copies": 1}))]
)
async def test_approved_it_runs_exactly_once(decision: Any) -> None:
    notebook = Notebook()
    planner, llm, pause = await asked(notebook)
    result = finished(await planner.resume(pause.resume_token, decision))
    assert notebook.stored == ["milk"]
    assert json.loads(llm.received[1][-1]["content"]) == {"observation": {"stored": "milk"}}
    assert [step["decision"]["decision"] for step in result.metadata["steps"]] == ["approve"]
    assert result.metadata["constraints"]["hops_used"] == 1
    with pytest.raises(UnknownTokenError):
        await planner.resume(pause.resume_token, decision)
    assert notebook.stored == ["milk"]


async def test_edited_the_edited_call_runs_and_the_model_is_told() -> None:
    notebook = Notebook()
    planner, llm, pause = await asked(notebook)
    await planner.resume(pause.resume_token, Edit({"text": "oat milk"}))
    assert notebook.stored == ["oat milk"]
    assert json.loads(llm.received[1][-2]["content"])["args"] == {"text": "milk"}
    assert json.loads(llm.received[1][-1]["content"]) == {
        "observation": {"stored": "oat milk"},
        "changed_by_person": {"args_that_ran": {"text": "oat milk"}},
    }


async def test_rejected_nothing_runs_and_the_model_reads_the_reason() -> None:
    notebook = Notebook()
    planner, llm, pause = await asked(notebook)
    result = finished(await planner.resume(pause.resume_token, "reject: we have enough"))
    assert notebook.stored == []
    message = json.loads(llm.received[1][-1]["content"])
    assert "we have enough" in message["error"]
    assert message["failure"]["error_code"] == "REJECTED"
    assert result.metadata["constraints"]["hops_used"] == 0


async def test_answered_in_the_tools_place_nothing_runs_and_the_answer_is_the_observation() -> None:
    notebook = Notebook()
    planner, llm, pause = await asked(notebook)
    await planner.resume(pause.resume_token, Respond("it is already there"))
    assert notebook.stored == []
    observation = json.loads(llm.received[1][-1]["content"])["observation"]
    assert observation == {"response_from_person": "it is already there", "tool_ran": False}


@pytest.mark.parametrize(
    "decision",
    [
        None,
        "",
        "ok",
        "edit: x",
        Approve("0" * 64),
        Edit({"text": 5}),
        Edit({}),
        '{"decision": "edit", "args": 1}',
    ],
)
async def test_a_decision_that_cannot_be_used_costs_nothing(decision: Any) -> None:
    notebook = Notebook()
    planner, _, pause = await asked(notebook, state_store=InMemoryStateStore())
    with pytest.raises(DecisionError):
        await planner.resume(pause.resume_token, decision)
    assert notebook.stored == []
    finished(await planner.resume(pause.resume_token, "approve"))
    assert notebook.stored == ["milk"]


async def test_an_edit_can_be_checked_while_the_call_waits() -> None:
    planner, _, pause = await asked(Notebook(), state_store=InMemoryStateStore())
    assert await planner.check_edit(pause.resume_token, {"text": "x"}) == []
    (problem,) = await planner.check_edit(pause.resume_token, {"text": 5})
    assert problem.startswith("text:")
    with pytest.raises(KeyError):
        await planner.check_edit("0" * 32, {})
    finished(await planner.resume(pause.resume_token, "approve"))


async def test_another_process_goes_on_where_this_one_stopped(tmp_path: Path) -> None:
    notebook = Notebook()
    store = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    planner, _ = planner_for(call("look", text="x"), SAVE, notebook=notebook, state_store=store, hop_budget=5)
    pause = paused(await planner.run("save milk", llm_context={"user": "Ann"}, tool_context={"tenant": "t"}))
    await store.aclose()

    reopened = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    heard = Heard()
    other, llm = planner_for(
        call("look", text="y"),
        answer("saved"),
        notebook=notebook,
        state_store=reopened,
        event_callback=heard,
        hop_budget=5,
    )
    result = finished(await other.resume(pause.resume_token, "approve"))
    await reopened.aclose()
    assert notebook.stored == ["milk"]
    assert [step["action"]["next_node"] for step in result.metadata["steps"]] == ["look", "save", "look"]
    assert result.metadata["cost"]["main_llm_calls"] == 4
    assert result.metadata["constraints"]["hops_used"] == 3
    assert [event.extra["action_seq"] for event in heard.of("step_start")] == [3, 4]
    assert json.loads(llm.received[0][1]["content"]) == {"context": {"user": "Ann"}, "query": "save milk"}


async def test_of_many_resumes_of_one_token_exactly_one_runs(tmp_path: Path) -> None:
    notebook = Notebook()
    store = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    planner, _, pause = await asked(notebook, state_store=store)
    results = await asyncio.gather(
        *(planner.resume(pause.resume_token, "approve") for _ in range(20)), return_exceptions=True
    )
    await store.aclose()
    assert notebook.stored == ["milk"]
    assert sum(isinstance(result, UnknownTokenError) for result in results) == 19


async def test_a_store_that_fails_makes_the_pause_fail_and_gives_no_token() -> None:
    class Broken:
        def save_planner_state(self, token: str, payload: Any) -> None:
            raise OSError("disk full")

        def load_planner_state(self, token: str) -> None:
            return None

    notebook, heard = Notebook(), Heard()
    planner, _ = planner_for(SAVE, notebook=notebook, state_store=Broken(), event_callback=heard)
    with pytest.raises(PauseNotSavedError, match="disk full"):
        await planner.run("q")
    assert heard.of("pause") == []
    assert notebook.stored == []


async def test_a_record_of_another_schema_is_refused_and_stays_stored() -> None:
    store = InMemoryStateStore()
    await store.save_planner_state("t" * 32, {"v": 99})
    planner, _ = planner_for(state_store=store)
    with pytest.raises(PauseRecordError, match="99"):
        await planner.resume("t" * 32, "approve")
    assert await store.load_planner_state("t" * 32) == {"v": 99}


async def test_a_tool_that_is_gone_cannot_be_approved_but_can_be_rejected() -> None:
    store = InMemoryStateStore()
    _, _, pause = await asked(Notebook(), state_store=store)
    without, llm = planner_for(answer("not saved"), catalog=[], state_store=store)
    with pytest.raises(DecisionError, match="`save` is not available"):
        await without.resume(pause.resume_token, Approve())
    finished(await without.resume(pause.resume_token, Reject("forget it")))
    assert "forget it" in llm.received[0][-1]["content"]


async def test_where_nobody_can_be_asked_the_call_does_not_run() -> None:
    notebook = Notebook()
    planner, llm = planner_for(SAVE, answer(), notebook=notebook, pause_enabled=False)
    finished(await planner.run("q"))
    assert notebook.stored == []
    assert "approval" in json.loads(llm.received[1][-1]["content"])["error"]


@pytest.mark.parametrize(("copies", "asks"), [(1, False), (10, True), (99, True)])
async def test_a_predicate_picks_the_calls_and_a_broken_one_asks(copies: int, asks: bool) -> None:
    def many(args: Note) -> bool:
        if args.copies == 99:
            raise RuntimeError
        return args.copies > 5

    @tool(desc="print", requires_approval=many)
    async def printer(args: Note, ctx: Any) -> Saved:
        return Saved(stored=args.text)

    planner, _ = planner_for(call("printer", text="x", copies=copies), answer(), catalog=[printer])
    assert isinstance(await planner.run("q"), PlannerPause) is asks


async def test_events_tell_the_request_and_the_decision() -> None:
    heard = Heard()
    planner, _, pause = await asked(Notebook(), event_callback=heard)
    (told,) = heard.of("pause")
    assert told.extra == {
        "reason": "approval_required",
        "payload": pause.payload,
        "resume_token": pause.resume_token,
        "action_seq": 1,
    }
    heard.events.clear()
    await planner.resume(pause.resume_token, Edit({"text": "tea"}))
    kinds = heard.kinds(without=("llm_stream_chunk",))
    assert kinds[:4] == ["resume", "approval_decided", "tool_call_start", "tool_call_end"]
    assert heard.of("approval_decided")[0].extra == {
        "resume_token": pause.resume_token,
        "tool_call_id": "call_1",
        "tool_name": "save",
        "decision": {"decision": "edit", "args": {"text": "tea"}},
        "args": {"text": "tea", "copies": 1},
        "proposed_args": {"text": "milk", "copies": 1},
        "action_seq": 1,
    }


async def test_every_branch_of_a_plan_asks_with_a_token_of_its_own() -> None:
    notebook = Notebook()
    planner, llm = planner_for(
        plan(
            call("save", text="one"), call("look", text="free"),
            call("save", text="two"), call("save", text="three"),
            join={"node": "merge", "args": {}, "inject": {"results": "$results", "expect": "$expect"}},
        ),
        answer(),
        notebook=notebook,
        state_store=InMemoryStateStore(),
    )  # fmt: skip
    first = paused(await planner.run("q"))
    assert (first.payload["args"]["text"], notebook.stored) == ("one", [])
    second = paused(await planner.resume(first.resume_token, "approve"))
    assert (second.payload["args"]["text"], notebook.stored) == ("two", ["one"])
    third = paused(await planner.resume(second.resume_token, Edit({"text": "2"})))
    assert (third.payload["args"]["text"], notebook.stored) == ("three", ["one", "2"])
    assert len({first.resume_token, second.resume_token, third.resume_token}) == 3
    result = finished(await planner.resume(third.resume_token, "approve"))
    assert notebook.stored == ["one", "2", "three", "merged 4 of 4"]
    (step,) = result.metadata["steps"]
    assert [branch["observation"]["stored"] for branch in step["observation"]["branches"]] == [
        "one", "seen free", "2", "three"
    ]  # fmt: skip
    assert result.metadata["constraints"]["hops_used"] == 5
    shown = json.loads(llm.received[1][-1]["content"])["observation"]["branches"][2]
    assert shown["changed_by_person"] == {"args_that_ran": {"text": "2", "copies": 1}}


async def test_one_rejected_branch_skips_the_join() -> None:
    notebook = Notebook()
    join = {"node": "merge", "args": {}, "inject": {"results": "$results"}}
    planner, _ = planner_for(
        plan(call("save", text="one"), call("save", text="two"), join=join), answer(), notebook=notebook
    )
    first = paused(await planner.run("q"))
    second = paused(await planner.resume(first.resume_token, "reject: no"))
    result = finished(await planner.resume(second.resume_token, "approve"))
    assert notebook.stored == ["two"]
    observation = result.metadata["steps"][0]["observation"]
    assert observation["stats"] == {"success": 1, "failed": 1}
    assert (observation["join"]["status"], observation["join"]["reason"]) == ("skipped", "branch_failures")


async def test_a_join_can_need_approval_too() -> None:
    notebook = Notebook()
    planner, _ = planner_for(
        plan(call("look", text="a"), join={"node": "save", "args": {"text": "joined"}, "inject": {}}),
        answer(),
        notebook=notebook,
        state_store=InMemoryStateStore(),
    )
    pause = paused(await planner.run("q"))
    assert (pause.payload["call_id"], notebook.stored) == ("call_1_parallel_join", [])
    result = finished(await planner.resume(pause.resume_token, "approve"))
    assert notebook.stored == ["joined"]
    join = result.metadata["steps"][0]["observation"]["join"]
    assert join == {"node": "save", "observation": {"stored": "joined"}}


async def test_objects_in_the_tool_context_survive_a_pause_of_the_same_planner() -> None:
    database = object()
    seen: list[Any] = []

    @tool(desc="write", requires_approval=True)
    async def write(args: Note, ctx: Any) -> Saved:
        seen.append(ctx.tool_context)
        return Saved(stored=args.text)

    planner, _ = planner_for(
        call("write", text="x"), answer(), catalog=[write], state_store=InMemoryStateStore()
    )
    pause = paused(await planner.run("q", tool_context={"database": database, "tenant": "t"}))
    await planner.resume(pause.resume_token, "approve")
    assert seen == [{"database": database, "tenant": "t"}]
