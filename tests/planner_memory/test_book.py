"""The memories of one planner: found by key, kept apart, bounded, closed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from penguiflow.planner._memory.book import MemoryBook
from penguiflow.planner._memory.keys import EphemeralKey
from penguiflow.planner.memory import (
    MemoryIsolation,
    MemoryKey,
    ShortTermMemoryConfig,
)
from tests.planner_memory.books import ANN, BOB, TRUNCATION, book_of, read, told
from tests.planner_memory.memories import (
    FlakyStore,
    Sleeps,
    Summaries,
    quiet,
    rolling,
    stored_names,
    tasks_left,
    turn,
)


async def test_every_key_has_its_own_conversation() -> None:
    book = book_of()
    await told(book, ANN, "a")
    await told(book, BOB, "b")
    assert await read(book, ANN) == {"recent_turns": ["a"]}
    assert await read(book, BOB) == {"recent_turns": ["b"]}


async def test_the_first_run_reads_an_empty_conversation() -> None:
    assert await book_of().context(ANN) == {"conversation_memory": {"recent_turns": []}}


@pytest.mark.parametrize(
    ("config", "given", "context", "key"),
    [
        (None, ANN, {}, None),
        (ShortTermMemoryConfig(), ANN, {"session_id": "s"}, None),
        (TRUNCATION, ANN, {"session_id": "other"}, ANN),
        (TRUNCATION, None, {"tenant_id": "acme", "user_id": "ann", "session_id": "s"}, ANN),
        (TRUNCATION, None, {}, None),
    ],
)
def test_the_key_is_the_given_one_or_the_one_of_the_tool_context_or_there_is_no_memory(
    config: ShortTermMemoryConfig | None,
    given: MemoryKey | None,
    context: dict[str, Any],
    key: MemoryKey | None,
) -> None:
    assert book_of(config).resolve_key(given, context) == key


async def test_callers_without_a_key_share_nothing() -> None:
    isolation = MemoryIsolation(require_explicit_key=False)
    book = book_of(ShortTermMemoryConfig(strategy="truncation", isolation=isolation), store=FlakyStore())
    first, second = book.resolve_key(None, {}), book.resolve_key(None, {})
    assert isinstance(first, EphemeralKey)
    assert isinstance(second, EphemeralKey)
    assert first != second
    await told(book, first, "a")
    assert await read(book, second) == {"recent_turns": []}
    assert await read(book, first) == {"recent_turns": []}
    assert book.held_count == 0
    assert book.resolve_key(None, {"session_id": "s"}) == MemoryKey("default", "anonymous", "s")


def test_something_else_than_a_config_or_a_memory_is_refused() -> None:
    with pytest.raises(TypeError, match="got `dict`"):
        MemoryBook({}, summarizer=None, store=None)  # type: ignore[arg-type]


def test_summaries_need_a_summarizer_from_the_start() -> None:
    with pytest.raises(ValueError, match="needs a summarizer"):
        MemoryBook(rolling(), summarizer=None, store=None)


async def test_closing_leaves_no_task_and_takes_no_more_turns() -> None:
    summaries = Summaries(failures=99)
    sleeps = Sleeps()
    sleeps.may_end.clear()
    book = MemoryBook(rolling(0), summarizer=summaries, store=None, sleep=sleeps)
    await told(book, ANN, "a")
    await told(book, BOB, "b")
    await sleeps.wait_begun()
    await book.aclose()
    assert tasks_left() == set()
    await book.record(ANN, turn("late"))
    assert await book.context(ANN) is None
    assert (tasks_left(), book.held_count) == (set(), 0)
    await book.aclose()


async def test_a_turn_that_is_being_recorded_while_the_book_closes_starts_nothing() -> None:
    store = FlakyStore()
    book = book_of(rolling(0), store=store)
    store.may_load.clear()
    recording = asyncio.create_task(book.record(ANN, turn("a")))
    await store.load_began.wait()
    closing = asyncio.create_task(book.aclose())
    store.may_load.set()
    await asyncio.gather(recording, closing)
    assert tasks_left() == set()
    state = store.states[ANN.composite()]
    assert state["summary"] == "a" or stored_names(state)["pending"] == ["a"]


async def test_over_the_limit_the_conversation_that_was_not_used_for_longest_goes() -> None:
    book = book_of(max_memories=2)
    keys = [MemoryKey("t", "u", str(number)) for number in range(3)]
    await told(book, keys[0], "a")
    await told(book, keys[1], "b")
    await told(book, keys[0], "c")
    await told(book, keys[2], "d")
    assert book.held_count == 2
    assert await read(book, keys[0]) == {"recent_turns": ["a", "c"]}
    assert await read(book, keys[1]) == {"recent_turns": []}


async def test_with_a_store_a_conversation_that_went_comes_back() -> None:
    book = book_of(store=FlakyStore(), max_memories=1)
    await told(book, ANN, "a")
    await told(book, BOB, "b")
    assert book.held_count == 1
    assert await read(book, ANN) == {"recent_turns": ["a"]}


async def test_a_conversation_that_goes_between_reading_and_recording_is_not_overwritten() -> None:
    store = FlakyStore()
    book = book_of(store=store, max_memories=1)
    await told(book, ANN, "a")
    await book.context(ANN)
    await book.context(BOB)
    await book.record(ANN, turn("b"))
    assert stored_names(store.states[ANN.composite()])["turns"] == ["a", "b"]


async def test_what_is_unsaved_or_being_summarised_stays_over_the_limit() -> None:
    summaries, store = Summaries(), FlakyStore()
    summaries.may_answer.clear()
    book = book_of(rolling(0), store=store, summaries=summaries, max_memories=1)
    await told(book, ANN, "a")
    await told(book, BOB, "b")
    assert book.held_count == 2
    summaries.may_answer.set()
    await quiet()
    store.is_down = True
    carl = MemoryKey("acme", "carl", "s")
    await told(book, carl, "c")
    assert book.held_count == 1
    await quiet()
    await told(book, MemoryKey("acme", "dora", "s"), "d")
    assert book.held_count == 2
    await book.aclose()


async def test_a_conversation_that_is_being_read_stays_over_the_limit() -> None:
    store = FlakyStore()
    book = book_of(store=store, max_memories=1)
    store.may_load.clear()
    reading = asyncio.create_task(book.context(ANN))
    await store.load_began.wait()
    other = asyncio.create_task(book.context(BOB))
    await asyncio.sleep(0)
    assert book.held_count == 2
    store.may_load.set()
    await asyncio.gather(reading, other)
    await book.context(MemoryKey("acme", "carl", "s"))
    assert book.held_count == 1


async def test_while_the_store_is_down_there_are_at_most_twice_as_many() -> None:
    store = FlakyStore()
    store.is_down = True
    book = book_of(store=store, max_memories=5)
    for number in range(40):
        await told(book, MemoryKey("t", "u", str(number)), "a")
    assert book.held_count <= 10
