"""A history file that is cut off or damaged: a typed error that says where, and nothing is ever unpickled."""

from __future__ import annotations

import pickle
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from penguiflow.planner import Trajectory
from penguiflow.planner._pauses.errors import PauseStoreError
from penguiflow.state import StoredEvent
from penguiflow.state.errors import StoreError, StoreSchemaError
from penguiflow.state.sqlite import SqliteStateStore
from tests.fakes.history import answered, asked, person_asked, run_of
from tests.fakes.note_agent import note_planner

Read = Callable[[SqliteStateStore], Awaitable[object]]


async def filled(path: Path) -> SqliteStateStore:
    """A file with something in each of its tables."""
    store = await SqliteStateStore.open(path)
    await store.append_events(run_of(asked(), person_asked()))
    await store.append_events(run_of(asked("whole"), answered(), run_id="run-2", session_id="session-2"))
    await store.save_planner_state("token", {"v": 2})
    await store.save_memory_state("key", {"turns": []})
    await store.save_trajectory("trace", "session-1", Trajectory(query="q"))
    await store.save_planner_event("trace", {"event_type": "step_start"})
    await store.save_event(
        StoredEvent(trace_id="trace", ts=1.0, kind="k", node_name=None, node_id=None, payload={})
    )
    return store


READS: dict[str, Read] = {
    "the run": lambda store: store.load_run("run-1"),
    "a page of the run": lambda store: store.read_run("run-1"),
    "the session": lambda store: store.load_session("session-1"),
    "the question": lambda store: store.find_request("request-1"),
    "the list of sessions": lambda store: store.list_sessions(),
    "the list of runs": lambda store: store.list_runs(),
    "the line of the session": lambda store: store.find_session("session-1"),
    "the line of the run": lambda store: store.find_run("run-1"),
    "the pause": lambda store: store.peek_planner_state("token"),
    "taking the pause": lambda store: store.load_planner_state("token"),
    "claiming the pause": lambda store: store.claim_planner_state(["token"], "token.claim", {}),
    "the memory": lambda store: store.load_memory_state("key"),
    "the trajectory": lambda store: store.get_trajectory("trace", "session-1"),
    "the planner's events": lambda store: store.list_planner_events("trace"),
    "the flow's events": lambda store: store.load_history("trace"),
}

PLACES = {
    "the run": ("events", "payload", "event 0 of run `run-1`"),
    "a page of the run": ("events", "payload", "event 0 of run `run-1`"),
    "the session": ("events", "payload", "event 0 of run `run-1`"),
    "the question": ("events", "payload", "event 1 of run `run-1`"),
    "the list of sessions": ("sessions", "tally", "session"),
    "the list of runs": ("runs", "tally", "run"),
    "the line of the session": ("sessions", "tally", "session"),
    "the line of the run": ("runs", "tally", "run"),
    "the pause": ("planner_states", "record", "pause `token`"),
    "taking the pause": ("planner_states", "record", "pause `token`"),
    "claiming the pause": ("planner_states", "record", "pause `token`"),
    "the memory": ("memory_states", "state", "memory state `key`"),
    "the trajectory": ("trajectories", "trajectory", "trajectory of trace `trace`"),
    "the planner's events": ("planner_events", "event", "planner event 1 of trace `trace`"),
    "the flow's events": ("flow_events", "payload", "payload of flow event 1"),
}

DAMAGE = {
    "cut off": '{"a": ',
    "no object": "[]",
    "nested without end": "[" * 100_000,
    "bytes": b"\x80\x04\xff\x00",
}


@pytest.mark.parametrize("what", READS)
@pytest.mark.parametrize("damage", DAMAGE)
async def test_a_row_with_damaged_json_is_a_typed_error_that_names_it(
    tmp_path: Path, what: str, damage: str
) -> None:
    store = await filled(tmp_path / "history.sqlite3")
    table, column, name = PLACES[what]
    with closing(sqlite3.connect(store.path, isolation_level=None)) as file:
        file.execute(f"UPDATE {table} SET {column} = ?", (DAMAGE[damage],))

    with pytest.raises(StoreSchemaError, match=name):
        await READS[what](store)
    with pytest.raises(StoreSchemaError, match=name):  # and it is still there to be looked at
        await READS[what](store)

    await store.aclose()


async def test_a_damaged_event_spoils_no_other_session(tmp_path: Path) -> None:
    store = await filled(tmp_path / "history.sqlite3")
    with closing(sqlite3.connect(store.path, isolation_level=None)) as file:
        file.execute("UPDATE events SET payload = '{' WHERE run_id = 'run-1'")

    assert len(await store.load_session("session-2")) == 2
    assert len(await store.list_sessions()) == 2
    await store.append_events(run_of(asked("more"), session_id="session-1", run_id="run-3"))
    assert await store.delete_session("session-1") is True
    await store.aclose()


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self._file,)


async def test_a_pickle_in_the_place_of_a_pause_is_never_unpickled(tmp_path: Path) -> None:
    store = await filled(tmp_path / "history.sqlite3")
    await store.save_planner_state("token.claim", {})
    with closing(sqlite3.connect(store.path, isolation_level=None)) as file:
        file.execute("UPDATE planner_states SET record = ?", (pickle.dumps(Trap(tmp_path / "sprung")),))
    planner = note_planner(tmp_path / "notes", store)

    for read in (READS["the pause"], READS["taking the pause"], READS["claiming the pause"]):
        with pytest.raises(StoreSchemaError, match="pause `token`"):
            await read(store)
    for go_on in (planner.resume("token", "approve"), planner.recover("token")):
        with pytest.raises(PauseStoreError, match="damaged"):
            await go_on

    assert not (tmp_path / "sprung").exists()
    await planner.aclose()
    await store.aclose()


async def test_a_file_that_is_cut_off_anywhere_is_a_typed_error_or_read_as_far_as_it_goes(
    tmp_path: Path,
) -> None:
    store = await filled(tmp_path / "whole.sqlite3")
    await store.append_events(run_of(*[asked("x" * 300)] * 300, run_id="long", session_id="long"))
    await store.aclose()
    whole = (tmp_path / "whole.sqlite3").read_bytes()
    refused = 0
    for size in (1, 15, 50, 99, 100, 1_000, *range(4_096, len(whole), 9_001)):
        path = tmp_path / f"cut-{size}.sqlite3"
        path.write_bytes(whole[:size])
        refused += await _is_refused(path)

    assert refused > 10


async def _is_refused(path: Path) -> bool:
    """Open the file and read everything; `True` when a typed error says that it cannot be."""
    try:
        store = await SqliteStateStore.open(path)
    except StoreError as error:
        return path.name in str(error) and error.hint is not None
    refused = False
    for read in READS.values():
        try:
            await read(store)
        except StoreError:
            refused = True
    await store.aclose()
    return refused


async def test_a_file_whose_log_was_lost_opens_with_what_was_in_it(tmp_path: Path) -> None:
    store = await filled(tmp_path / "history.sqlite3")
    await store.aclose()  # which brings everything from the log into the file
    later = await SqliteStateStore.open(store.path)
    await later.append_events(run_of(asked(), session_id="later", run_id="later"))
    copy = Path(shutil.copy(store.path, tmp_path / "copy.sqlite3"))  # without its log
    await later.aclose()

    reopened = await SqliteStateStore.open(copy)

    assert [each.session_id for each in await reopened.list_sessions()] == ["session-2", "session-1"]
    await reopened.aclose()
