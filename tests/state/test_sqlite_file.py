"""The history file: where it is, who may read it, and what is refused."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from penguiflow.artifacts import ArtifactScope
from penguiflow.state._sqlite_schema import store_error
from penguiflow.state.contents import Content
from penguiflow.state.errors import HistoryConflictError, StoreError, StoreSchemaError
from penguiflow.state.sqlite import SqliteStateStore
from tests.fakes.history import answered, asked, event_at, person_asked, run_of


async def test_what_was_stored_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    events = run_of(asked(), person_asked())
    first = await SqliteStateStore.open(path)
    await first.append_events(events)
    await first.save_planner_state("token", {"a": 1})
    await first.aclose()

    second = await SqliteStateStore.open(path)

    assert list(await second.load_session("session-1")) == events
    assert [each.state for each in await second.list_sessions()] == ["waiting"]
    assert await second.load_planner_state("token") == {"a": 1}
    await second.aclose()


async def test_the_project_folder_is_created_private_and_kept_out_of_version_control(tmp_path: Path) -> None:
    path = tmp_path / ".penguiflow" / "history.sqlite3"

    store = await SqliteStateStore.open(path)
    await store.append_events(run_of(asked()))

    assert (tmp_path / ".penguiflow" / ".gitignore").read_text(encoding="utf-8") == "*\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    await store.aclose()


async def test_a_folder_of_another_name_gets_no_gitignore(tmp_path: Path) -> None:
    store = await SqliteStateStore.open(tmp_path / "data" / "history.sqlite3")

    assert not (tmp_path / "data" / ".gitignore").exists()
    await store.aclose()


async def test_closing_ends_the_thread_and_may_be_repeated(tmp_path: Path) -> None:
    store = await SqliteStateStore.open(tmp_path / "history.sqlite3")

    await store.aclose()
    await store.aclose()

    assert not [each for each in threading.enumerate() if each.name.startswith("penguiflow-sqlite")]
    with pytest.raises(StoreError, match="is closed"):
        await store.list_sessions()


async def test_a_failed_opening_leaves_no_thread(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        await SqliteStateStore.open(tmp_path)

    assert not [each for each in threading.enumerate() if each.name.startswith("penguiflow-sqlite")]


async def test_a_folder_in_the_place_of_the_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    path.mkdir()

    with pytest.raises(StoreError, match=r"history\.sqlite3") as caught:
        await SqliteStateStore.open(path)

    assert caught.value.hint


async def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    path.write_bytes(b"This is not a database, it is a letter to my aunt. " * 40)

    with pytest.raises(StoreError, match=r"history\.sqlite3") as caught:
        await SqliteStateStore.open(path)

    assert "move `history.sqlite3` away" in str(caught.value.hint)
    assert path.read_bytes().startswith(b"This is not")


async def test_a_deleted_session_leaves_no_trace_in_the_file(tmp_path: Path) -> None:
    store = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    content = Content(session_id="session-1", content_id="history_1", text="a private matter " * 2_000)
    await store.append_events(run_of(asked("a private matter"), answered("a private matter")), [content])
    await store.artifact_store.put_text("a private matter", scope=ArtifactScope(session_id="session-1"))
    await store.save_trajectory("run-1", "session-1", {"query": "a private matter"})
    await store.append_events(run_of(asked("another"), session_id="session-2", run_id="run-2"))

    await store.delete_session("session-1")
    await store.aclose()

    assert await asyncio.to_thread(os.listdir, tmp_path) == ["history.sqlite3"]
    left = store.path.read_bytes()
    assert b"another" in left
    assert b"private" not in left


async def test_a_name_that_is_no_unicode_is_a_typed_error(tmp_path: Path) -> None:
    store = await SqliteStateStore.open(tmp_path / "history.sqlite3")

    with pytest.raises(StoreError, match=r"cannot keep the name '\\udcff'"):
        await store.append_events(run_of(asked(), session_id="\udcff"))
    with pytest.raises(StoreError, match="no Unicode"):
        await store.load_session("\udcff")

    await store.append_events(run_of(asked()))
    await store.aclose()


async def test_a_damaged_history_is_a_typed_error(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    store = await SqliteStateStore.open(path)
    await store.append_events(run_of(asked(), *[answered("x" * 500)] * 300))
    await store.aclose()
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xff" * (len(content) - 8192)
    path.write_bytes(content)

    async def read_it() -> None:
        damaged = await SqliteStateStore.open(path)
        try:
            await damaged.load_session("session-1")
        finally:
            await damaged.aclose()

    with pytest.raises(StoreError, match=r"history\.sqlite3") as caught:
        await read_it()

    assert "damaged" in str(caught.value.hint)


async def test_a_file_of_a_newer_version_is_refused_with_both_versions(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    await (await SqliteStateStore.open(path)).aclose()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 7")
    connection.close()

    with pytest.raises(StoreSchemaError, match="history version 7; this program reads versions 1 to 2"):
        await SqliteStateStore.open(path)


async def test_a_database_of_another_program_is_never_written_to(tmp_path: Path) -> None:
    path = tmp_path / "notes.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE notes (text)")
    connection.close()
    before = path.read_bytes()

    with pytest.raises(StoreSchemaError, match="another program"):
        await SqliteStateStore.open(path)

    assert path.read_bytes() == before


async def test_an_event_of_a_newer_version_is_refused_by_its_version(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    store = await SqliteStateStore.open(path)
    await store.append_events(run_of(asked()))
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE events SET event_version = 9")
    connection.close()

    with pytest.raises(StoreSchemaError, match="schema version `9`"):
        await store.load_run("run-1")
    await store.aclose()


async def test_a_locked_file_is_a_typed_error_and_works_when_it_is_free_again(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    store = await SqliteStateStore.open(path, busy_timeout_s=0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked") as caught:
            await store.append_events(run_of(asked(), answered()))
    assert "close it and try again" in str(caught.value.hint)

    assert list(await store.load_run("run-1")) == []
    await store.append_events(run_of(asked(), answered()))

    assert len(await store.load_run("run-1")) == 2
    await store.aclose()


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        (sqlite3.SQLITE_FULL, "make room"),
        (sqlite3.SQLITE_READONLY_DIRECTORY, "writable"),
        (sqlite3.SQLITE_CORRUPT_INDEX, "damaged"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "another program"),
        (sqlite3.SQLITE_IOERR_WRITE, "has room"),
    ],
)
def test_an_error_of_the_database_says_what_to_do(code: int, hint: str) -> None:
    error = sqlite3.OperationalError("it broke")
    error.sqlite_errorcode = code

    named = store_error(Path("place/history.sqlite3"), error)

    assert "place/history.sqlite3" in str(named)
    assert hint in str(named.hint)


async def test_two_stores_on_one_file_see_each_other_and_one_takes_the_token(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite3"
    one, two = await asyncio.gather(SqliteStateStore.open(path), SqliteStateStore.open(path))
    for round_number in range(100):
        token = f"token-{round_number}"
        await one.save_planner_state(token, {"round": round_number})

        taken = await asyncio.gather(one.load_planner_state(token), two.load_planner_state(token))

        assert [record for record in taken if record is not None] == [{"round": round_number}]
    await one.append_events(run_of(asked()))
    assert len(await two.load_run("run-1")) == 1
    with pytest.raises(HistoryConflictError):
        await two.append_events([event_at(0, asked("something else"))])
    await one.aclose()
    await two.aclose()


_APPEND_IN_PROCESS = """
import asyncio, sys
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow.state.events import RunEvent, RunStarted

async def main(path, name):
    store = await SqliteStateStore.open(path)
    for seq in range(40):
        await store.append_events([RunEvent(session_id="shared", run_id=name, seq=seq, ts=1.0,
                                            body=RunStarted(question=name, agent="a"))])
    await store.aclose()

asyncio.run(main(sys.argv[1], sys.argv[2]))
"""


@pytest.mark.process
async def test_several_processes_create_and_fill_one_file_together(tmp_path: Path) -> None:
    path = tmp_path / "new" / "history.sqlite3"
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", _APPEND_IN_PROCESS, str(path), f"run-{n}", stderr=subprocess.PIPE
        )
        for n in range(4)
    ]

    outcomes = await asyncio.wait_for(asyncio.gather(*(each.communicate() for each in processes)), 30)

    assert [each.returncode for each in processes] == [0, 0, 0, 0], outcomes
    store = await SqliteStateStore.open(path)
    assert len(await store.load_session("shared")) == 160
    assert [each.runs for each in await store.list_sessions()] == [160]
    await store.aclose()
