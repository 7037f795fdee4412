"""Carrying sessions from one store to another as a file."""

from __future__ import annotations

import asyncio
import io
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from penguiflow.sessions.projections.jsonl import line_of
from penguiflow.sessions.shelf.errors import HistoryFileError, SessionExistsError, SessionNotFoundError
from penguiflow.sessions.shelf.exporting import export_run, export_session
from penguiflow.sessions.shelf.importing import import_history
from penguiflow.state.contents import Content
from penguiflow.state.events import ContentRef, ModelCalled, RunEvent, SessionForked, SessionNamed
from penguiflow.state.in_memory import InMemoryStateStore
from penguiflow.state.protocol import HistoryStore
from penguiflow.state.sqlite import SqliteStateStore
from tests.fakes.histories import histories
from tests.fakes.history import answered, asked, event_at, person_asked, run_of

PROMPT = "history_" + "a" * 32


async def exported(
    store: HistoryStore, session_id: str = "session-1", *, with_parents: bool = False
) -> bytes:
    records = export_session(store, session_id, with_parents=with_parents)
    return "".join([line_of(record) async for record in records]).encode("ascii")


async def exported_run(store: HistoryStore, run_id: str) -> bytes:
    return "".join([line_of(record) async for record in export_run(store, run_id)]).encode("ascii")


def file_of(data: bytes) -> io.BytesIO:
    return io.BytesIO(data)


async def store_with(*events: RunEvent, contents: tuple[Content, ...] = ()) -> InMemoryStateStore:
    store = InMemoryStateStore()
    await store.append_events(events, contents)
    return store


@given(histories())
@settings(max_examples=60, deadline=None)
def test_what_was_exported_imported_and_exported_again_is_the_same_file(
    history: tuple[list[RunEvent], list[Content]],
) -> None:
    async def there_and_back(folder: str) -> None:
        first = await store_with(*history[0], contents=tuple(history[1]))
        data = await exported(first)
        second = await SqliteStateStore.open(Path(folder) / "history.sqlite3")
        third = InMemoryStateStore()
        try:
            assert (await import_history(second, file_of(data))).new_events == len(history[0])
            assert await exported(second) == data
            await import_history(third, file_of(await exported(second)))
            assert await exported(third) == data
            assert (await import_history(second, file_of(data))).new_events == 0
        finally:
            await second.aclose()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(there_and_back(folder))


async def test_events_bring_the_texts_for_which_they_stand() -> None:
    called = ModelCalled(
        step=1, attempt=1, latency_ms=1.0, messages=(ContentRef(content_id=PROMPT, chars=5, role="user"),)
    )
    text = Content(session_id="session-1", content_id=PROMPT, text="Hällo \U0001f427")
    store = await store_with(*run_of(asked(), called, called, answered()), contents=(text,))
    data, other = await exported(store), InMemoryStateStore()

    await import_history(other, file_of(data))

    assert data.count(b'"type": "content"') == 1
    assert await other.load_content("session-1", PROMPT) == text.text
    assert await other.list_sessions() == await store.list_sessions()


async def test_a_run_is_exported_alone_and_joins_the_session_it_came_from() -> None:
    store = await store_with(*run_of(asked("One?"), answered()), *run_of(asked("Two?"), run_id="run-2"))
    other = await store_with(*run_of(asked("One?"), answered()))

    data = await exported_run(store, "run-2")
    imported = await import_history(other, file_of(data))

    assert (imported.session_id, imported.run_id, imported.new_events) == ("session-1", "run-2", 1)
    assert await exported_run(other, "run-2") == data
    assert await other.load_session("session-1") == await store.load_session("session-1")


@pytest.mark.parametrize("export", [exported, exported_run])
async def test_what_is_not_there_is_not_exported(export: object) -> None:
    assert callable(export)
    with pytest.raises(SessionNotFoundError, match="`nothing`"):
        await export(InMemoryStateStore(), "nothing")


async def test_a_session_that_went_on_takes_in_what_is_new() -> None:
    old = await store_with(*run_of(asked(), answered()))
    new = await store_with(*run_of(asked(), answered()), *run_of(asked("More?"), run_id="run-2"))

    imported = await import_history(old, file_of(await exported(new)))
    back = await import_history(new, file_of(await exported(old)))

    assert (imported.events, imported.new_events, back.new_events) == (3, 1, 0)


async def test_a_name_given_meanwhile_does_not_keep_a_session_from_going_on() -> None:
    old = await store_with(*run_of(asked()), event_at(0, SessionNamed(name="mine"), run_id="naming"))
    new = await store_with(*run_of(asked(), answered()))

    assert (await import_history(old, file_of(await exported(new)))).new_events == 1


@pytest.mark.parametrize(
    ("here", "reason"),
    [
        (run_of(asked("Something else?")), "event 0 of run `run-1`"),
        ([*run_of(asked()), *run_of(asked("Two?"), run_id="run-2")], "1 of its events are not in the file"),
        (run_of(asked(), session_id="another"), "session `another`"),
    ],
)
async def test_a_session_with_other_events_is_refused_as_a_whole(here: list[RunEvent], reason: str) -> None:
    file = await exported(await store_with(*run_of(asked(), answered())))
    store = await store_with(*here)
    before = [await store.load_session(name) for name in ("session-1", "another")]

    with pytest.raises(SessionExistsError, match=reason):
        await import_history(store, file_of(file))

    assert [await store.load_session(name) for name in ("session-1", "another")] == before


async def test_another_text_under_a_name_that_is_taken_is_refused() -> None:
    call = ModelCalled(step=1, attempt=1, latency_ms=1.0, options=ContentRef(content_id=PROMPT, chars=1))
    text = Content(session_id="session-1", content_id=PROMPT, text="one")
    file = await exported(await store_with(*run_of(asked(), call), contents=(text,)))
    store = await store_with(*run_of(asked()), contents=(replace(text, text="two"),))

    with pytest.raises(HistoryFileError, match="line 3 has another text than the store"):
        await import_history(store, file_of(file))


async def test_under_another_id_a_session_stands_beside_the_one_it_came_from() -> None:
    store = await store_with(*run_of(asked(), person_asked("token-1")))
    file = await exported(store)

    imported = await import_history(store, file_of(file), as_id="copy")
    again = await import_history(store, file_of(file), as_id="copy")

    events = await store.load_session("copy")
    request = await store.find_request("token-1")
    assert (imported.session_id, imported.new_events, again.new_events) == ("copy", 2, 0)
    assert [event.kind for event in events] == ["run_started", "person_asked"]
    assert {event.run_id for event in events}.isdisjoint({"run-1"})
    assert request is not None
    assert request.session_id == "session-1"


async def test_a_fork_names_its_parent_and_brings_it_along_when_asked() -> None:
    fork = SessionForked(parent_session_id="session-1", parent_run_id="run-1")
    store = await store_with(
        *run_of(asked("Past?"), answered("long ago")),
        *run_of(asked("Later?"), run_id="run-2"),
        event_at(0, fork, run_id="forking", session_id="fork"),
        *run_of(asked("And now?"), run_id="run-3", session_id="fork"),
    )
    alone, whole = await exported(store, "fork"), await exported(store, "fork", with_parents=True)
    other = InMemoryStateStore()

    await import_history(other, file_of(whole))

    assert b"long ago" not in alone
    assert b"Later?" not in whole
    assert b'"parent_session_id": "session-1"' in alone.splitlines()[0]
    assert await exported(other, "fork", with_parents=True) == whole
    assert [event.run_id for event in await other.load_session("session-1")] == ["run-1", "run-1"]


async def test_batches_of_a_large_file_are_written_one_after_the_other(tmp_path: Path) -> None:
    store = await store_with(*run_of(asked(), *(person_asked(f"token-{number}") for number in range(1_500))))
    file = tmp_path / "large.jsonl"
    file.write_bytes(await exported(store))
    other = InMemoryStateStore()

    with file.open("rb") as opened:
        imported = await import_history(other, opened)

    assert imported.new_events == 1_501
    assert await exported(other) == file.read_bytes()
