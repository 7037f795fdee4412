"""Every store tells the same as the one in memory, whatever was appended and deleted, in whatever order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penguiflow.state.contents import Content
from penguiflow.state.errors import HistoryConflictError
from penguiflow.state.events import (
    EventBody,
    ModelCalled,
    PersonAnswered,
    RunEvent,
    RunFailed,
    RunInterrupted,
    SessionArchived,
    SessionForked,
    SessionNamed,
    StepStarted,
    ToolStarted,
    UnknownBody,
)
from penguiflow.state.in_memory import InMemoryStateStore
from penguiflow.state.protocol import HistoryStore
from tests.fakes.history import answered, asked, person_asked

SESSIONS = ("a", "b", "c")
RUNS = ("r1", "r2", "r3", "r4")
CONTENTS = ("history_1", "history_2")


@dataclass(frozen=True, slots=True)
class Append:
    events: Sequence[RunEvent]
    contents: Sequence[Content]


@dataclass(frozen=True, slots=True)
class Delete:
    session_id: str


bodies: st.SearchStrategy[EventBody] = st.sampled_from(
    [
        asked("one"),
        asked("two"),
        StepStarted(step=2),
        ModelCalled(step=1, attempt=1, latency_ms=1.0, cost_usd=0.25),
        ModelCalled(step=1, attempt=1, latency_ms=1.0, model="m", input_tokens=3),
        ToolStarted(step=1, call_id="c", tool="t"),
        person_asked("q1"),
        PersonAnswered(request_id="q1", decision="approve"),
        answered(),
        RunFailed(code="x", message="no"),
        RunInterrupted(),
        SessionNamed(name="tea"),
        SessionArchived(),
        SessionArchived(archived=False),
        SessionForked(parent_session_id="a", parent_run_id="r1"),
        UnknownBody(kind="later", fields={"n": 1}),
    ]
)


@st.composite
def an_event(draw: st.DrawFn) -> RunEvent:
    number = draw(st.integers(0, len(RUNS) - 1))
    return RunEvent(
        session_id=SESSIONS[number % len(SESSIONS)],  # a run belongs to one session
        run_id=RUNS[number],
        seq=draw(st.integers(0, 4)),
        ts=draw(st.sampled_from([0.0, 1.0, -3600.0])),  # a clock that is set back now and then
        body=draw(bodies),
    )


contents = st.builds(
    Content,
    session_id=st.sampled_from(SESSIONS),
    content_id=st.sampled_from(CONTENTS),
    text=st.just("a long text"),
)
operations = st.lists(
    st.builds(Append, st.lists(an_event(), max_size=6), st.lists(contents, max_size=1))
    | st.builds(Delete, st.sampled_from(SESSIONS)),
    max_size=8,
)


@pytest.mark.parametrize(
    "store", ["sqlite", pytest.param("postgres", marks=pytest.mark.process)], indirect=True
)
@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(done=operations)
async def test_every_store_tells_the_same(store: HistoryStore, done: Sequence[Append | Delete]) -> None:
    for session_id in SESSIONS:  # what the example before left
        await store.delete_session(session_id)
    model = InMemoryStateStore()
    for operation in done:
        assert await outcome(store, operation) == await outcome(model, operation)
        assert await all_that_is_told(store) == await all_that_is_told(model)


async def outcome(store: HistoryStore, operation: Append | Delete) -> object:
    """Do it, and tell what came of it."""
    if isinstance(operation, Delete):
        return await store.delete_session(operation.session_id)
    try:
        await store.append_events(operation.events, operation.contents)
    except HistoryConflictError as conflict:
        return conflict.run_id, conflict.seq
    return None


async def all_that_is_told(store: HistoryStore) -> dict[str, object]:
    """Read everything that can be read."""
    told: dict[str, object] = {}
    for archived in (False, True, None):
        told[f"sessions {archived}"] = list(await store.list_sessions(archived=archived))
        told[f"page {archived}"] = list(await store.list_sessions(archived=archived, limit=1, after="b"))
    for session_id in SESSIONS:
        told[f"session {session_id}"] = list(await store.load_session(session_id))
        told[f"line of {session_id}"] = await store.find_session(session_id)
        told[f"runs of {session_id}"] = list(await store.list_runs(session_id=session_id))
        for content_id in CONTENTS:
            told[f"{content_id} of {session_id}"] = await store.load_content(session_id, content_id)
    told["runs"] = list(await store.list_runs())
    told["runs behind r2"] = list(await store.list_runs(after="r2"))
    for run_id in RUNS:
        told[f"run {run_id}"] = list(await store.load_run(run_id))
        told[f"page of {run_id}"] = list(await store.read_run(run_id, after_seq=1, limit=2))
        told[f"line of {run_id}"] = await store.find_run(run_id)
    return told
