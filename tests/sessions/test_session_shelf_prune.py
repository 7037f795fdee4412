"""Which sessions are thrown away, and which never are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from penguiflow.sessions.shelf.forking import fork_session
from penguiflow.sessions.shelf.pruning import AT_WORK_S, PruneRules, plan_to_prune, prune_plan
from penguiflow.sessions.shelf.removal import remove_session
from penguiflow.state.events import MemoryChanged
from penguiflow.state.in_memory import InMemoryStateStore
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow.state.summaries import SessionState, SessionSummary
from tests.fakes.history import answered, asked, person_asked, run_of

NOW = 1_000_000.0


def session(
    session_id: str,
    *,
    age: float = 100.0,
    state: SessionState = "idle",
    archived: bool = False,
    parent: str | None = None,
) -> SessionSummary:
    return SessionSummary(
        session_id=session_id,
        title="",
        agent="",
        state=state,
        last_line="",
        created_at=0.0,
        updated_at=NOW - age,
        runs=1,
        cost_usd=None,
        archived=archived,
        parent_session_id=parent,
    )


def decide(sessions: list[SessionSummary], rules: PruneRules) -> tuple[list[str], dict[str, str]]:
    plan = prune_plan(sessions, rules, now=NOW)
    return [each.session_id for each in plan.doomed], {each.session_id: why for each, why in plan.spared}


OLD = PruneRules(older_than_s=50.0)
CASES = [
    ([session("young", age=49.9), session("old", age=50.0)], OLD, ["old"], {}),
    ([session("here"), session("away", archived=True)], replace(OLD, archived_only=True), ["away"], {}),
    ([session("a"), session("b"), session("c")], replace(OLD, keep=2), ["c"], {}),
    ([session("a")], replace(OLD, keep=2), [], {}),
    ([session("a", state="waiting")], OLD, [], {"a": "waits for a person"}),
    ([session("a", state="waiting")], replace(OLD, force=True), ["a"], {}),
    ([session("a", state="failed"), session("b", state="interrupted")], OLD, ["a", "b"], {}),
    ([session("a", age=AT_WORK_S - 1, state="running")], OLD, [], {"a": "seems to be at work"}),
    ([session("a", age=AT_WORK_S, state="running")], OLD, ["a"], {}),
    (
        [session("fork", age=1, parent="parent"), session("parent")],
        OLD,
        [],
        {"parent": "is the past of a kept fork"},
    ),
    ([session("fork", age=1, parent="parent"), session("parent")], replace(OLD, force=True), ["parent"], {}),
    ([session("fork", parent="parent"), session("parent")], OLD, ["fork", "parent"], {}),
    (
        [session("c", age=1, parent="b"), session("b", parent="a"), session("a"), session("x")],
        OLD,
        ["x"],
        {"b": "is the past of a kept fork", "a": "is the past of a kept fork"},
    ),
    (
        [session("fork", state="waiting", parent="parent"), session("parent")],
        OLD,
        [],
        {"fork": "waits for a person", "parent": "is the past of a kept fork"},
    ),
    ([session("a", parent="b"), session("b", parent="a")], OLD, ["a", "b"], {}),
    (
        [session("a", age=1, parent="b"), session("b", parent="a")],
        OLD,
        [],
        {"b": "is the past of a kept fork"},
    ),
    ([session("orphan", age=1, parent="gone")], OLD, [], {}),
]


@pytest.mark.parametrize(("sessions", "rules", "doomed", "spared"), CASES)
def test_old_sessions_go_unless_somebody_needs_them(
    sessions: list[SessionSummary], rules: PruneRules, doomed: list[str], spared: dict[str, str]
) -> None:
    assert decide(sessions, rules) == (doomed, spared)


async def test_planning_looks_at_every_session_and_removes_none() -> None:
    store = InMemoryStateStore()
    for number in range(600):
        await store.append_events(run_of(asked(), run_id=f"run-{number}", session_id=f"session-{number}"))
    await store.append_events(run_of(asked(), person_asked(), run_id="waits", session_id="waiting"))

    plan = await plan_to_prune(store, PruneRules(), now=NOW)

    assert (len(plan.doomed), [each.session_id for each, _ in plan.spared]) == (600, ["waiting"])
    assert len(await store.list_sessions(limit=1_000)) == 601


async def test_removing_a_session_forgets_its_memory_and_its_waiting_run_and_nobody_elses() -> None:
    store = InMemoryStateStore()
    turn = MemoryChanged(change="turn_added", key="default:anonymous:one")
    await store.append_events(run_of(asked(), turn, person_asked("token"), session_id="one"))
    await store.append_events(run_of(asked(), run_id="run-2", session_id="two"))
    for session_id in ("one", "two"):
        await store.save_memory_state(f"default:anonymous:{session_id}", {"of": session_id})
        await store.save_planner_state("token" if session_id == "one" else "other", {"of": session_id})

    removed = await remove_session(store, "one")
    again = await remove_session(store, "one")

    assert (removed, again) == (True, False)
    assert await store.find_session("one") is None
    assert await store.load_memory_state("default:anonymous:one") is None
    assert not await store.peek_planner_state("token")
    assert await store.load_memory_state("default:anonymous:two") == {"of": "two"}
    assert await store.peek_planner_state("other") == {"of": "two"}
    assert await store.find_session("two") is not None


async def test_a_fork_that_never_spoke_takes_its_memory_along() -> None:
    store = InMemoryStateStore()
    turn = MemoryChanged(change="turn_added", key="default:anonymous:session-1")
    await store.append_events(run_of(asked(), turn, answered()))
    await store.save_memory_state("default:anonymous:session-1", {"version": 1})
    fork = await fork_session(store, "session-1")
    key = f"default:anonymous:{fork.session_id}"
    assert await store.load_memory_state(key) is not None

    await remove_session(store, fork.session_id)

    assert await store.load_memory_state(key) is None
    assert await store.load_memory_state("default:anonymous:session-1") is not None


async def test_compacting_gives_the_room_of_removed_sessions_back(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    store = await SqliteStateStore.open(path)
    try:
        for number in range(20):
            events = run_of(asked("x" * 50_000), run_id=f"run-{number}", session_id=f"session-{number}")
            await store.append_events(events)
        await store.compact()
        full = path.stat().st_size
        for number in range(19):
            assert await remove_session(store, f"session-{number}")

        await store.compact()

        assert path.stat().st_size < full / 5
        assert len(await store.load_session("session-19")) == 1
        await store.append_events(run_of(asked(), run_id="new", session_id="new"))
        assert [each.session_id for each in await store.list_sessions()] == ["new", "session-19"]
    finally:
        await store.aclose()
