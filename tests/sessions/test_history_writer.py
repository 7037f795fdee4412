"""Bringing events to a store that may fail."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

import pytest

from penguiflow.sessions.writer import MAX_WAITING_EVENTS, HistoryWriter
from penguiflow.state.errors import HistoryConflictError, StoreError
from penguiflow.state.events import RunEvent
from penguiflow.state.in_memory import InMemoryStateStore
from tests.fakes.history import answered, asked, event_at, run_of


class Store(InMemoryStateStore):
    """Fails with `error` while there is one, waits while `gate` is closed, counts its batches."""

    def __init__(self) -> None:
        super().__init__()
        self.error: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.entered = asyncio.Event()
        self.batches: list[int] = []

    async def append_events(self, events: Sequence[RunEvent]) -> None:
        self.entered.set()
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        await super().append_events(events)
        self.batches.append(len(events))


@pytest.fixture
async def store() -> Store:
    return Store()


@pytest.fixture
async def told() -> list[StoreError | None]:
    return []


@pytest.fixture
async def writer(store: Store, told: list[StoreError | None]) -> AsyncIterator[HistoryWriter]:
    writer = HistoryWriter(store, told.append)
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
    writer = HistoryWriter(store, told.append)
    writer.start()
    writer.add(event_at(0, asked()))

    await writer.aclose()
    await writer.aclose()

    assert len(await store.load_run("run-1")) == 1
