"""Histories that released versions wrote: they are read, brought up to date, and gone on with.

The files in `stored` were written by `penguiflow run --agent demo`: a calculation, a note that was approved,
and a note that waits for a person.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from penguiflow.state.errors import StoreSchemaError
from penguiflow.state.events import (
    EventSchemaError,
    PersonAsked,
    RunEvent,
    UnknownBody,
    from_record,
    to_record,
)
from penguiflow.state.sqlite import SqliteStateStore

STORED = Path(__file__).with_name("stored")
FILES = ("history_v1.sqlite3", "history_v2.sqlite3")
QUESTIONS = ["save a note: buy fish", "calculate 6*7 and save the result as a note", "what is 12 * (3 + 4)?"]

every_version = pytest.mark.parametrize("name", FILES)


def copy_of(name: str, folder: Path) -> Path:
    """Copy a history to where the command line looks for it. Its pause is old by now, but does not expire."""
    path = folder / ".penguiflow" / "history.sqlite3"
    path.parent.mkdir(parents=True)
    shutil.copyfile(STORED / name, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("UPDATE planner_states SET record = json_set(record, '$.expires_at', null)")
    return path


async def events_of(store: SqliteStateStore) -> list[RunEvent]:
    sessions = await store.list_sessions(archived=None)
    return [event for each in sessions for event in await store.load_session(each.session_id)]


async def penguiflow(*arguments: str) -> tuple[int | None, str]:
    """Run the command line; return its exit code and all that it wrote."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "penguiflow_cli",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    written, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, written.decode()


@every_version
async def test_a_stored_history_lists_its_sessions_and_runs(name: str, tmp_path: Path) -> None:
    store = await SqliteStateStore.open(copy_of(name, tmp_path))

    sessions, runs = await store.list_sessions(), await store.list_runs()

    assert [(each.title, each.state, each.agent) for each in sessions] == list(
        zip(QUESTIONS, ("waiting", "idle", "idle"), ("demo",) * 3, strict=True)
    )
    assert [each.question for each in runs] == QUESTIONS
    assert [(each.steps, each.model_calls, each.tool_calls) for each in runs] == [
        (1, 1, 0),
        (3, 3, 2),
        (2, 2, 1),
    ]
    await store.aclose()


@every_version
async def test_each_run_of_a_stored_history_is_whole(name: str, tmp_path: Path) -> None:
    store = await SqliteStateStore.open(copy_of(name, tmp_path))

    for line in await store.list_runs():
        run = await store.load_run(line.run_id)
        assert [event.seq for event in run] == list(range(len(run)))
        assert run[0].kind == "run_started"
        assert not [event for event in run if isinstance(event.body, UnknownBody)]
    await store.aclose()


@every_version
async def test_a_stored_history_is_brought_up_to_date_once(name: str, tmp_path: Path) -> None:
    path = copy_of(name, tmp_path)
    first = await SqliteStateStore.open(path)
    before = await events_of(first)
    await first.append_events(before)  # all of it is known
    await first.aclose()

    second = await SqliteStateStore.open(path)

    assert await events_of(second) == before
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("PRAGMA user_version").fetchone() == (2,)
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    await second.aclose()


@every_version
@pytest.mark.process
async def test_a_run_that_waits_in_a_stored_history_can_be_answered(name: str, tmp_path: Path) -> None:
    path = copy_of(name, tmp_path)
    store = await SqliteStateStore.open(path)
    (waiting,) = [each for each in await store.list_runs() if each.state == "waiting"]
    asked = (await store.load_run(waiting.run_id))[-1].body
    assert isinstance(asked, PersonAsked)
    project = ("--agent", "demo", "--project-root", str(tmp_path))

    code, written = await penguiflow("run", "--resume", asked.request_id, "--input", "approve", *project)

    assert code == 0, written
    assert "buy fish" in written
    line = await store.find_run(waiting.run_id)
    assert line is not None
    assert (line.state, line.tool_calls) == ("idle", 1)
    run = await store.load_run(waiting.run_id)
    assert [event.seq for event in run] == list(range(len(run)))
    await store.aclose()


@every_version
@pytest.mark.process
async def test_a_stored_session_can_be_asked_more(name: str, tmp_path: Path) -> None:
    path = copy_of(name, tmp_path)
    store = await SqliteStateStore.open(path)
    session_id = (await store.list_sessions())[-1].session_id
    before = await store.load_session(session_id)
    more = ("what is 2 + 3?", "--session", session_id, "--agent", "demo", "--project-root", str(tmp_path))

    code, written = await penguiflow("run", *more)

    assert code == 0, written
    line = await store.find_session(session_id)
    assert line is not None
    assert (line.runs, line.state, line.title) == (2, "idle", QUESTIONS[-1])
    assert list(await store.load_session(session_id))[: len(before)] == before
    await store.aclose()


async def test_records_of_version_1_are_the_events_of_its_file(tmp_path: Path) -> None:
    lines = (STORED / "records_v1.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    store = await SqliteStateStore.open(copy_of("history_v1.sqlite3", tmp_path))
    stored = {(event.run_id, event.seq): event for event in await events_of(store)}

    read = [from_record(record) for record in records]

    assert {record["v"] for record in records} == {1}
    assert len(read) == len(stored) == 75
    assert {(event.run_id, event.seq): event for event in read} == stored
    assert [from_record(json.loads(json.dumps(to_record(event)))) for event in read] == read
    await store.aclose()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"v": 3}, "event of schema version `3`; this program reads versions 1 to 2"),
        ({"v": None}, "schema version `None`"),
        ({"body": {"kind": "run_started"}}, "question"),
        ({"body": {}}, "kind"),
        ({"body": "text"}, "cannot be read"),
    ],
)
def test_a_record_that_cannot_be_read_says_why(change: dict[str, object], reason: str) -> None:
    with (STORED / "records_v1.jsonl").open(encoding="utf-8") as lines:
        record = json.loads(next(lines))

    with pytest.raises(EventSchemaError, match=reason):
        from_record({**record, **change})


async def test_a_kind_that_only_another_version_knows_outlives_the_change_of_version(tmp_path: Path) -> None:
    path = copy_of("history_v1.sqlite3", tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("""UPDATE events SET body = '{"kind":"tea_brewed","cups":2}' WHERE position = 3""")

    store = await SqliteStateStore.open(path)

    (unknown,) = [event for event in await events_of(store) if isinstance(event.body, UnknownBody)]
    assert unknown.body == UnknownBody(kind="tea_brewed", fields={"cups": 2})
    await store.aclose()


@pytest.mark.parametrize(
    "body", ["{", "[]", "{}", '{"kind":"run_started"}', '{"kind":"person_asked","call":[]}']
)
async def test_an_old_file_with_a_damaged_event_is_refused_by_its_place_and_left_as_it_is(
    tmp_path: Path, body: str
) -> None:
    path = copy_of("history_v1.sqlite3", tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("UPDATE events SET body = ? WHERE position = 40", (body,))
        run_id, seq = file.execute("SELECT run_id, seq FROM events WHERE position = 40").fetchone()
    before = path.read_bytes()

    with pytest.raises(StoreSchemaError, match=f"event {seq} of run `{run_id}`") as caught:
        await SqliteStateStore.open(path)

    assert caught.value.hint
    assert path.read_bytes() == before
