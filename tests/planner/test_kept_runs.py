"""What a planner leaves in its state store: trajectories, what it told, and what its tools put aside."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from penguiflow.catalog import tool
from penguiflow.llm.errors import LLMUnavailableError
from penguiflow.planner import ObservationGuardrailConfig, PlannerEvent, ToolContext, Trajectory
from penguiflow.planner._kept_runs import RunKeeper
from penguiflow.planner.events import observe_runs
from penguiflow.state.in_memory import InMemoryStateStore
from penguiflow.state.sqlite import SqliteStateStore
from tests.fakes.planner_tools import Heard, Note, answer, call, finished, paused, planner_for

NAMED = {"trace_id": "trace", "session_id": "session", "client": object()}
STREAMED = ("llm_stream_chunk",)


async def trajectory_in(store: SqliteStateStore) -> Trajectory:
    found = await store.get_trajectory("trace", "session")
    assert found is not None
    return Trajectory.from_serialised(found)


async def told_in(store: SqliteStateStore) -> list[PlannerEvent]:
    return [PlannerEvent(**event) for event in await store.list_planner_events("trace")]


async def test_a_run_with_a_name_leaves_its_trajectory_and_what_it_told(tmp_path: Path) -> None:
    store = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    heard = Heard()
    planner, _ = planner_for(
        call("look", text="a"),
        answer("seen"),
        state_store=store,
        event_callback=heard,
        stream_final_response=True,
    )

    result = finished(await planner.run("q", tool_context=NAMED))

    trajectory = await trajectory_in(store)
    assert trajectory.query == "q"
    assert trajectory.to_history() == result.metadata["steps"]
    assert not trajectory.tool_context
    assert list(await store.list_traces("session")) == ["trace"]
    assert [event.event_type for event in await told_in(store)] == heard.kinds(without=STREAMED)
    (looked,) = [event for event in await told_in(store) if event.event_type == "tool_call_start"]
    assert looked == heard.of("tool_call_start")[0]
    await store.aclose()


async def test_a_run_that_waited_leaves_more_when_it_goes_on(tmp_path: Path) -> None:
    store = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    planner, _ = planner_for(call("look", text="a"), call("save", text="b"), answer(), state_store=store)
    pause = paused(await planner.run("q", tool_context={"trace_id": "trace", "session_id": "session"}))
    at_pause = await told_in(store)
    assert len((await trajectory_in(store)).steps) == 1

    finished(await planner.fork().resume(pause.resume_token, "approve"))

    assert [step.action.next_node for step in (await trajectory_in(store)).steps] == ["look", "save"]
    told = await told_in(store)
    assert told[: len(at_pause)] == at_pause
    assert told[len(at_pause)].event_type == "resume"
    await store.aclose()


async def test_a_run_that_failed_leaves_what_it_did_until_then(tmp_path: Path) -> None:
    store = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    planner, _ = planner_for(call("look", text="a"), LLMUnavailableError("down"), state_store=store)

    with pytest.raises(LLMUnavailableError):
        await planner.run("q", tool_context=NAMED)

    assert len((await trajectory_in(store)).steps) == 1
    await store.aclose()


@pytest.mark.parametrize("context", [{}, {"trace_id": "trace"}, {"trace_id": "trace", "session_id": 7}])
async def test_a_run_without_a_name_leaves_nothing(context: dict[str, Any]) -> None:
    store = InMemoryStateStore()
    planner, _ = planner_for(answer(), state_store=store)

    finished(await planner.run("q", tool_context=context))

    assert await store.list_traces("session") == []
    assert await store.list_planner_events("trace") == []


async def test_a_run_that_a_session_watches_is_left_to_its_history() -> None:
    store = InMemoryStateStore()
    planner, _ = planner_for(answer(), state_store=store)

    with observe_runs(Heard()):
        finished(await planner.run("q", tool_context=NAMED))

    assert await store.list_traces("session") == []
    assert await store.list_planner_events("trace") == []


async def test_a_store_is_written_to_once_when_the_run_is_over() -> None:
    class Counting(InMemoryStateStore):
        def __init__(self) -> None:
            super().__init__()
            self.written: list[str] = []

        async def save_trajectory(self, trace_id: str, session_id: str, trajectory: Any) -> None:
            self.written.append("trajectory")
            await super().save_trajectory(trace_id, session_id, trajectory)

        async def save_planner_events(self, trace_id: str, events: Sequence[Any]) -> None:
            self.written.append("events")
            await super().save_planner_events(trace_id, events)

    store = Counting()
    planner, _ = planner_for(
        *(call("look", text=str(number)) for number in range(5)), answer(), state_store=store
    )

    finished(await planner.run("q", tool_context=NAMED))

    assert store.written == ["trajectory", "events"]
    assert len((await store.get_trajectory("trace", "session") or Trajectory(query="")).steps) == 5


async def test_a_store_that_takes_single_events_gets_each_of_them() -> None:
    class Single:
        def __init__(self) -> None:
            self.told: list[PlannerEvent] = []

        def save_planner_event(self, trace_id: str, event: PlannerEvent) -> None:
            self.told.append(event)

    store, heard = Single(), Heard()
    planner, _ = planner_for(call("look", text="a"), answer(), state_store=store, event_callback=heard)

    finished(await planner.run("q", tool_context=NAMED))

    assert store.told == [
        replace(event, exchange=None) for event in heard.events if event.event_type not in STREAMED
    ]


async def test_a_store_that_fails_costs_the_run_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Full(InMemoryStateStore):
        async def save_trajectory(self, trace_id: str, session_id: str, trajectory: Any) -> None:
            raise OSError("disk full")

    planner, _ = planner_for(answer("fine"), state_store=Full())

    with caplog.at_level(logging.ERROR, logger="penguiflow.planner"):
        result = finished(await planner.run("q", tool_context=NAMED))

    assert result.payload["raw_answer"] == "fine"
    assert ["disk full" in (record.exc_text or "") for record in caplog.records] == [True]


async def test_a_store_that_never_answers_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    class Hanging:
        async def save_trajectory(self, trace_id: str, session_id: str, trajectory: Any) -> None:
            await asyncio.Event().wait()

    keeper = RunKeeper(Hanging(), patience_s=0.01)
    run = keeper.begun(NAMED)

    with caplog.at_level(logging.ERROR, logger="penguiflow.planner"):
        await asyncio.wait_for(keeper.keep(run, Trajectory(query="q")), 5)

    assert ["TimeoutError" in (record.exc_text or "") for record in caplog.records] == [True]


async def test_secrets_are_not_kept(tmp_path: Path) -> None:
    store = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    secret = "sk-proj-" + "a1B2" * 10
    planner, _ = planner_for(call("look", text=f"the key is {secret}"), answer(), state_store=store)

    finished(await planner.run("q", tool_context={**NAMED, "api_key": secret}))

    kept = f"{await store.get_trajectory('trace', 'session')}{await store.list_planner_events('trace')}"
    assert "the key is" in kept
    assert secret not in kept
    await store.aclose()


class Pages(BaseModel):
    text: str


@tool(desc="Read all of it")
async def read_all(args: Note, ctx: ToolContext) -> Pages:
    return Pages(text="page " * 20_000)


@tool(desc="Put a file aside")
async def put_aside(args: Note, ctx: ToolContext) -> Pages:
    ref = await ctx.artifacts.put_bytes(args.text.encode(), filename="note.txt")
    return Pages(text=ref.id)


async def test_what_is_too_long_for_the_model_is_put_into_the_file_of_the_state_store(tmp_path: Path) -> None:
    store = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    planner, _ = planner_for(
        call("read_all", text="a"),
        call("put_aside", text="b"),
        answer(),
        catalog=[read_all, put_aside],
        state_store=store,
        observation_guardrail=ObservationGuardrailConfig(max_observation_chars=2_000),
    )
    assert planner.artifact_store is store.artifact_store
    heard = Heard()

    with observe_runs(heard):
        finished(await planner.run("q", tool_context=NAMED))
    await store.aclose()

    again = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    sizes: list[int] = []
    for event in heard.of("artifact_stored"):
        data = await again.artifact_store.get_with_session_check(event.extra["artifact_id"], "session")
        assert data is not None
        sizes.append(len(data))
    assert len(sizes) == 2
    assert (max(sizes) > 100_000, min(sizes)) == (True, 1)
    assert await again.delete_session("session") is True
    await again.aclose()
