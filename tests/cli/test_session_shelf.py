"""The session list of the workbench on a real history."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from penguiflow.sessions.projections.jsonl import event_record, line_of
from penguiflow.sessions.results import SessionError
from penguiflow.state.contents import Content
from penguiflow.state.events import ContentRef, MemoryRead, RunInterrupted, SessionForked
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow_cli._session_shelf import SessionShelf, file_stem
from tests.fakes.history import answered, asked, event_at, person_asked, run_of


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStateStore]:
    """Two sessions; `tea` was changed last and waits for a person."""
    opened = await SqliteStateStore.open(tmp_path / "history.sqlite3")
    await opened.append_events(run_of(asked("Old?"), answered(), run_id="run-old", session_id="old"))
    memory = Content(session_id="tea", content_id="history_memory", text="{}")
    ref = ContentRef(content_id=memory.content_id, chars=2, form="json")
    tea = run_of(asked("Tea?"), MemoryRead(content=ref), person_asked(), run_id="run-tea", session_id="tea")
    await opened.append_events(tea, [memory])
    yield opened
    await opened.aclose()


@pytest.fixture
def shelf(store: SqliteStateStore, tmp_path: Path) -> SessionShelf:
    return SessionShelf(store, tmp_path / "exports")


async def test_a_name_and_what_was_put_away_are_listed(shelf: SessionShelf) -> None:
    await shelf.name_session("tea", "Tea time")
    await shelf.archive_session("old", archived=True)
    assert [(line.session_id, line.name) for line in await shelf.list_sessions()] == [("tea", "Tea time")]
    everything = await shelf.list_sessions(archived=None)
    assert {line.session_id: line.archived for line in everything} == {"tea": False, "old": True}
    await shelf.archive_session("old", archived=False)
    assert len(await shelf.list_sessions()) == 2


async def test_a_name_that_another_session_has_is_refused(shelf: SessionShelf) -> None:
    await shelf.name_session("tea", "Tea time")
    with pytest.raises(SessionError, match="Tea time"):
        await shelf.name_session("old", "Tea time")


async def test_a_fork_is_listed_with_its_parent_and_replays_its_past(
    shelf: SessionShelf, store: SqliteStateStore
) -> None:
    fork_id = await shelf.fork_session("tea")
    fork = next(line for line in await shelf.list_sessions() if line.session_id == fork_id)
    assert fork.parent_session_id == "tea"
    own = asked("And milk?")
    await store.append_events([event_at(0, own, run_id="run-milk", session_id=fork_id)])

    recording = shelf.recording(fork)
    events = await recording.load_events()
    past = await store.load_session("tea")
    assert events[: len(past)] == past
    # Nobody goes on with the request of the parent in the fork.
    assert [event.body for event in events[len(past) :] if not isinstance(event.body, SessionForked)] == [
        RunInterrupted(),
        own,
    ]
    content_id = "history_memory"
    assert await recording.load_content(content_id) == "{}"
    assert await recording.load_content("nothing") is None


async def test_an_export_is_the_whole_session_and_replaces_an_earlier_one(
    shelf: SessionShelf, store: SqliteStateStore, tmp_path: Path
) -> None:
    (tmp_path / "exports").mkdir()
    (tmp_path / "exports" / "old.jsonl").write_text("an earlier one")
    path = await shelf.export_session("old")
    assert path == tmp_path / "exports" / "old.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    events = await store.load_session("old")
    assert lines[1:-1] == [line_of(event_record(event)) for event in events]


async def test_a_path_below_the_working_folder_is_short(
    shelf: SessionShelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert await shelf.export_session("old") == Path("exports", "old.jsonl")


async def test_an_export_that_cannot_be_written_is_told(shelf: SessionShelf, tmp_path: Path) -> None:
    (tmp_path / "exports").write_text("a file in the place of the folder")
    with pytest.raises(OSError, match="exports"):
        await shelf.export_session("old")
    with pytest.raises(OSError, match="exports"):
        await shelf.export_session("nobody")


@pytest.mark.parametrize("session_id", ["../up", "a/b", ".hidden", "a b", "x" * 81, "\x1b[31m", "ü", "-rf"])
def test_no_id_leads_out_of_the_folder(session_id: str) -> None:
    stem = file_stem(session_id)
    assert stem.isalnum()
    assert len(stem) == 32


@pytest.mark.parametrize("session_id", ["0123456789abcdef", "my-session.v2_1"])
def test_an_id_that_is_a_name_of_a_file_is_kept(session_id: str) -> None:
    assert file_stem(session_id) == session_id
