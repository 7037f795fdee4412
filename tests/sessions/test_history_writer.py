"""Bringing events to a store that may fail."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

import pytest

from penguiflow.sessions.contents import RawContent
from penguiflow.sessions.writer import MAX_WAITING_CONTENT_CHARS, MAX_WAITING_EVENTS, HistoryWriter
from penguiflow.state.contents import Content
from penguiflow.state.errors import HistoryConflictError, StoreError
from penguiflow.state.events import RunEvent
from penguiflow.state.in_memory import InMemoryStateStore
from tests.fakes.history import answered, asked, event_at, run_of
from tests.fakes.virtual_time import run_virtually


class Store(InMemoryStateStore):
    """Fails with `error` while there is one, waits while `gate` is closed, counts its batches."""

    def __init__(self) -> None:
        super().__init__()
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.entered = asyncio.Event()
        self.batches: list[int] = []

    async def append_events(self, events: Sequence[RunEvent], contents: Sequence[Content] = ()) -> None:
        self.entered.set()
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        await super().append_events(events, contents)
        self.batches.append(len(events))


@pytest.fixture
async def store() -> Store:
    return Store()


@pytest.fixture
async def told() -> list[StoreError | None]:
    return []


@pytest.fixture
async def writer(store: Store, told: list[StoreError | None]) -> AsyncIterator[HistoryWriter]:
    writer = HistoryWriter(store, lambda trouble, _: told.append(trouble))
    yield writer
    store.error = None
    store.gate.set()
    await writer.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_what_gathers_while_the_store_works_goes_in_one_batch(
    writer: HistoryWriter, store: Store
) -> None:
    store.gate.clear()
    writer.start()
    events = run_of(asked(), *[answered()] * 9)
    writer.add(events[0])
    await asyncio.wait_for(store.entered.wait(), 5)
    for event in events[1:]:
        writer.add(event)
    store.gate.set()

    await writer.flush()

    assert store.batches == [1, 9]
    assert list(await store.load_run("run-1")) == events


async def test_nothing_is_written_before_the_start(writer: HistoryWriter, store: Store) -> None:
    for event in run_of(asked()):
        writer.add(event)
    await asyncio.sleep(0)
    assert not store.entered.is_set()

    writer.start()
    await asyncio.wait_for(store.entered.wait(), 5)


async def test_trouble_is_told_once_when_it_begins_and_once_when_it_ends(
    writer: HistoryWriter, store: Store, told: list[StoreError | None]
) -> None:
    store.error = StoreError("disk full")
    events = run_of(asked(), answered(), answered())
    for event in events[:2]:
        writer.add(event)
        with pytest.raises(StoreError, match="disk full"):
            await writer.flush()
    assert (told, writer.trouble) == ([store.error], store.error)

    store.error = None
    writer.add(events[2])
    await writer.flush()

    assert (told[1:], writer.trouble) == ([None], None)
    assert list(await store.load_run("run-1")) == events


async def test_an_error_of_a_foreign_store_gets_a_name(writer: HistoryWriter, store: Store) -> None:
    store.error = OSError("cable unplugged")
    writer.add(event_at(0, asked()))

    with pytest.raises(StoreError, match="the history store failed: `OSError`: cable unplugged"):
        await writer.flush()


async def test_a_run_whose_place_is_taken_is_left_alone_and_others_go_on(
    writer: HistoryWriter, store: Store, told: list[StoreError | None]
) -> None:
    await store.append_events(run_of(asked("by somebody else")))
    writer.start()
    writer.add(event_at(0, asked("mine")))
    writer.add(event_at(0, asked("other"), run_id="run-2"))
    await writer.flush()
    writer.add(event_at(1, answered()))
    await writer.flush()

    assert [type(each) for each in told] == [HistoryConflictError]
    assert len(await store.load_run("run-1")) == 1
    assert len(await store.load_run("run-2")) == 1


async def test_a_flush_that_is_cancelled_loses_nothing(writer: HistoryWriter, store: Store) -> None:
    events = run_of(asked(), answered())
    for event in events:
        writer.add(event)
    store.gate.clear()
    flushing = asyncio.create_task(writer.flush())
    await asyncio.wait_for(store.entered.wait(), 5)

    flushing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await flushing
    store.gate.set()
    await writer.flush()

    assert list(await store.load_run("run-1")) == events


async def test_writing_through_brings_what_came_before_along(writer: HistoryWriter, store: Store) -> None:
    events = run_of(asked(), answered())
    writer.add(events[0])

    await writer.write_through(events[1])

    assert list(await store.load_run("run-1")) == events


@pytest.mark.parametrize(("error", "kept"), [(StoreError("disk full"), MAX_WAITING_EVENTS), (None, 20_006)])
async def test_only_what_waits_for_a_failing_store_is_bounded(
    writer: HistoryWriter, store: Store, error: StoreError | None, kept: int
) -> None:
    store.error = error
    writer.add(event_at(0, asked()))
    with contextlib.suppress(StoreError):
        await writer.flush()
    for seq in range(1, MAX_WAITING_EVENTS + 6):
        writer.add(event_at(seq, answered()))
    store.error = None

    await writer.flush()

    stored = await store.load_run("run-1")
    assert (len(stored), stored[-1].seq) == (kept, MAX_WAITING_EVENTS + 5)


async def test_closing_writes_the_rest(store: Store, told: list[StoreError | None]) -> None:
    writer = HistoryWriter(store, lambda trouble, _: told.append(trouble))
    writer.start()
    writer.add(event_at(0, asked()))

    await writer.aclose()
    await writer.aclose()

    assert len(await store.load_run("run-1")) == 1


def test_a_store_that_works_again_is_written_without_anything_new_happening() -> None:
    async def scenario() -> tuple[list[bool], int]:
        store, told = Store(), list[StoreError | None]()
        recovered = asyncio.Event()

        def on_trouble(trouble: StoreError | None, _given_up: int) -> None:
            told.append(trouble)
            if trouble is None:
                recovered.set()

        writer = HistoryWriter(store, on_trouble)
        store.error = StoreError("the database restarts")
        writer.start()
        writer.add(event_at(0, asked()))
        await asyncio.sleep(100)  # virtual: any number of tries goes by
        store.error = None
        await asyncio.wait_for(recovered.wait(), 60)
        stored = len(await store.load_run("run-1"))
        await writer.aclose()
        return [trouble is None for trouble in told], stored

    assert run_virtually(scenario()) == ([False, True], 1)


async def test_how_many_events_were_given_up_is_told_when_the_store_works_again(store: Store) -> None:
    told: list[tuple[StoreError | None, int]] = []
    writer = HistoryWriter(store, lambda trouble, given_up: told.append((trouble, given_up)))
    store.error = disk_full = StoreError("disk full")
    writer.add(event_at(0, asked()))
    with pytest.raises(StoreError):
        await writer.flush()
    for seq in range(1, MAX_WAITING_EVENTS + 3):
        writer.add(event_at(seq, answered()))
    store.error = None

    await writer.flush()

    assert told == [(disk_full, 0), (None, 3)]


async def test_large_texts_that_wait_for_a_failing_store_are_bounded(store: Store) -> None:
    text = "x" * (MAX_WAITING_CONTENT_CHARS // 4 + 1)
    writer = HistoryWriter(store, lambda _trouble, _given_up: None)
    store.error = StoreError("disk full")
    writer.add(event_at(0, asked()))
    with pytest.raises(StoreError):
        await writer.flush()
    for seq in range(1, 7):
        content = RawContent(content_id=f"history_{seq}", value=text, chars=len(text))
        writer.add(event_at(seq, answered()), [content])
    store.error = None

    await writer.flush()

    assert [event.seq for event in await store.load_run("run-1")] == [4, 5, 6]
    assert await store.load_content("session-1", "history_3") is None
    assert await store.load_content("session-1", "history_6") is not None


async def test_an_event_is_never_there_without_its_large_text(store: Store) -> None:
    writer = HistoryWriter(store, lambda _trouble, _given_up: None)
    writer.add(
        event_at(0, asked()), [RawContent(content_id="history_a", value={"k": "sk-" + "a" * 40}, chars=50)]
    )

    await writer.flush()

    assert await store.load_content("session-1", "history_a") == '{"k": "[redacted]"}'
