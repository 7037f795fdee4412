"""Conversations are read from the store and written to it around every run."""

from __future__ import annotations

import asyncio

import pytest

from penguiflow.planner.memory import (
    MemoryBudget,
    ShortTermMemoryConfig,
)
from penguiflow.state import SupportsMemoryState
from tests.planner_memory.books import ANN, book_of, read, told
from tests.planner_memory.memories import (
    FlakyStore,
    Summaries,
    quiet,
    rolling,
    stored_names,
    turn,
)


async def test_a_conversation_goes_on_in_another_process(store: SupportsMemoryState) -> None:
    first = book_of(rolling(1), store=store)
    await told(first, ANN, "a", "b", "c")
    await first.aclose()
    second = book_of(rolling(1), store=store)
    assert await read(second, ANN) == {"recent_turns": ["c"], "summary": "a b"}
    await second.aclose()


async def test_a_summary_reaches_the_store_by_itself_and_survives_the_next_run(
    store: SupportsMemoryState,
) -> None:
    book = book_of(rolling(1), store=store)
    await told(book, ANN, "a", "b")
    await quiet()
    state = await store.load_memory_state(ANN.composite())
    assert state is not None
    assert state["summary"] == "a"
    assert stored_names(state) == {"turns": ["b"], "pending": [], "backlog": []}


async def test_turns_are_summarised_once_however_many_runs_read_the_store() -> None:
    summaries, store = Summaries(), FlakyStore()
    book = book_of(rolling(1), store=store, summaries=summaries)
    for name in "abcdef":
        await told(book, ANN, name)
        await quiet()
    assert summaries.asked == [["a"], ["b"], ["c"], ["d"], ["e"]]
    assert await read(book, ANN) == {"recent_turns": ["f"], "summary": "a b c d e"}


async def test_a_summary_that_is_under_way_survives_runs_that_read_the_store() -> None:
    summaries, store = Summaries(), FlakyStore()
    summaries.may_answer.clear()
    book = book_of(rolling(1), store=store, summaries=summaries)
    await told(book, ANN, "a", "b")
    await summaries.wait_asked(1)
    await told(book, ANN, "c", "d")
    summaries.may_answer.set()
    await quiet()
    assert summaries.asked == [["a"], ["b", "c"]]
    assert await read(book, ANN) == {"recent_turns": ["d"], "summary": "a b c"}
    assert store.states[ANN.composite()]["summary"] == "a b c"


async def test_giving_up_summaries_reaches_the_store_too() -> None:
    store = FlakyStore()
    book = book_of(rolling(1, retry_attempts=0), store=store, summaries=Summaries(failures=9))
    await told(book, ANN, "a", "b")
    await quiet()
    assert store.states[ANN.composite()]["health"] == "degraded"
    assert stored_names(store.states[ANN.composite()])["backlog"] == ["a"]


async def test_runs_under_one_key_at_the_same_time_lose_no_turn(store: SupportsMemoryState) -> None:
    config = ShortTermMemoryConfig(strategy="truncation", budget=MemoryBudget(full_zone_turns=50))
    book = book_of(config, store=store)
    await asyncio.gather(*(told(book, ANN, f"{run}.1", f"{run}.2") for run in range(10)))
    expected = {f"{run}.{part}" for run in range(10) for part in (1, 2)}
    assert set((await read(book, ANN))["recent_turns"]) == expected
    state = await store.load_memory_state(ANN.composite())
    assert state is not None
    assert set(stored_names(state)["turns"]) == expected


async def test_a_run_that_reads_the_store_while_another_records_keeps_the_other_turn() -> None:
    store = FlakyStore()
    book = book_of(store=store)
    await told(book, ANN, "a")
    store.load_began.clear()
    store.may_load.clear()
    reading = asyncio.create_task(book.context(ANN))
    await store.load_began.wait()
    recording = asyncio.create_task(book.record(ANN, turn("b")))
    store.may_load.set()
    await asyncio.gather(reading, recording)
    assert await read(book, ANN) == {"recent_turns": ["a", "b"]}
    assert stored_names(store.states[ANN.composite()])["turns"] == ["a", "b"]


async def test_two_books_on_one_store_see_each_others_turns() -> None:
    store = FlakyStore()
    one, other = book_of(store=store), book_of(store=store)
    await told(one, ANN, "a")
    await told(other, ANN, "b")
    await told(one, ANN, "c")
    assert await read(other, ANN) == {"recent_turns": ["a", "b", "c"]}


async def test_a_run_records_behind_what_another_book_recorded_meanwhile() -> None:
    store = FlakyStore()
    one, other = book_of(store=store), book_of(store=store)
    await one.context(ANN)
    await told(other, ANN, "a")
    await one.record(ANN, turn("b"))
    assert await read(other, ANN) == {"recent_turns": ["a", "b"]}


async def test_a_store_that_is_down_stops_no_run_and_loses_no_turn(caplog: pytest.LogCaptureFixture) -> None:
    store = FlakyStore()
    await told(book_of(store=store), ANN, "a")
    book = book_of(store=store)
    store.is_down = True
    await told(book, ANN, "b")
    assert await read(book, ANN) == {"recent_turns": ["b"]}
    store.is_down = False
    await told(book, ANN, "c")
    assert stored_names(store.states[ANN.composite()])["turns"] == ["a", "b", "c"]
    assert "a conversation memory could not be read from the store: " in caplog.text


async def test_a_state_of_another_version_is_never_overwritten() -> None:
    store = FlakyStore()
    store.states[ANN.composite()] = {"version": 99}
    book = book_of(store=store)
    await told(book, ANN, "a")
    await book.aclose()
    assert store.states[ANN.composite()] == {"version": 99}


async def test_a_turn_that_could_not_be_written_follows_what_another_book_wrote_meanwhile() -> None:
    store = FlakyStore()
    one, other = book_of(store=store), book_of(store=store)
    await told(one, ANN, "a")
    store.is_down = True
    await told(one, ANN, "b")
    store.is_down = False
    await told(other, ANN, "c")
    await told(one, ANN, "d")
    assert stored_names(store.states[ANN.composite()])["turns"] == ["a", "c", "b", "d"]


async def test_what_could_not_be_written_is_written_when_the_book_is_closed() -> None:
    store = FlakyStore()
    book = book_of(store=store)
    await told(book, ANN, "a")
    store.is_down = True
    await told(book, ANN, "b")
    store.is_down = False
    await book.aclose()
    assert stored_names(store.states[ANN.composite()])["turns"] == ["a", "b"]


async def test_a_refused_turn_is_logged_and_neither_kept_nor_shown(caplog: pytest.LogCaptureFixture) -> None:
    store = FlakyStore()
    budget = MemoryBudget(summary_max_tokens=0, total_max_tokens=30, overflow_policy="error")
    book = book_of(ShortTermMemoryConfig(strategy="truncation", budget=budget), store=store)
    await told(book, ANN, "a", "b" * 300)
    assert await read(book, ANN) == {"recent_turns": ["a"]}
    assert stored_names(store.states[ANN.composite()])["turns"] == ["a"]
    assert "a turn was not added to its conversation memory: " in caplog.text
