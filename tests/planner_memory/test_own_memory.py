"""A planner with a memory object of the program's own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from penguiflow.planner.memory import (
    ConversationTurn,
    DefaultShortTermMemory,
    MemoryHealth,
    MemoryKey,
    ShortTermMemoryConfig,
)
from tests.planner_memory.books import ANN, BOB, TRUNCATION, book_of, read, told
from tests.planner_memory.memories import (
    FlakyStore,
    Summaries,
    by_name,
    quiet,
    rolling,
    tasks_left,
    turn,
)


class OwnMemory:
    """A memory of a program's own, as small as one can be."""

    health = MemoryHealth.HEALTHY

    def __init__(self, context: Any = None) -> None:
        self.turns: list[str] = []
        self.context = context

    async def add_turn(self, turn: ConversationTurn) -> None:
        self.turns.append(turn.user_message)

    async def get_llm_context(self) -> Mapping[str, Any]:
        if self.context is not None:
            return self.context  # type: ignore[no-any-return]
        return {"conversation_memory": {"recent_turns": [{"user": name} for name in self.turns]}}

    def estimate_tokens(self) -> int:
        return 0

    async def flush(self) -> None: ...


async def test_an_own_memory_serves_all_keys_and_the_log_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    book = book_of(OwnMemory(), store=FlakyStore())
    await told(book, ANN, "a")
    assert caplog.records == []
    await told(book, BOB, "b")
    await told(book, MemoryKey("acme", "carl", "s"), "c")
    assert await read(book, ANN) == {"recent_turns": ["a", "b", "c"]}
    assert [record.message for record in caplog.records if "several conversations" in record.message] == [
        caplog.records[0].message
    ]


async def test_an_own_memory_has_no_conversation_without_a_key() -> None:
    assert book_of(OwnMemory()).resolve_key(None, {}) is None
    assert book_of(OwnMemory()).resolve_key(None, {"session_id": "s"}) is not None


async def test_an_own_memory_can_give_each_key_a_memory() -> None:
    class Isolated(OwnMemory):
        def __init__(self) -> None:
            super().__init__()
            self.of: dict[MemoryKey, OwnMemory] = {}

        def for_key(self, key: MemoryKey) -> OwnMemory:
            return self.of.setdefault(key, OwnMemory())

    memory = Isolated()
    book = book_of(memory)
    await told(book, ANN, "a")
    await told(book, BOB, "b")
    assert await read(book, ANN) == {"recent_turns": ["a"]}
    assert {key: own.turns for key, own in memory.of.items()} == {ANN: ["a"], BOB: ["b"]}
    assert memory.turns == []


@pytest.mark.parametrize(
    "context", [{"conversation_memory": object()}, {"conversation_memory": {1, 2}}, "text", 3]
)
async def test_a_context_that_is_no_json_is_left_out_of_the_run(
    context: Any, caplog: pytest.LogCaptureFixture
) -> None:
    assert await book_of(OwnMemory(context)).context(ANN) is None
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


async def test_a_memory_that_fails_stops_no_run(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(OwnMemory):
        async def add_turn(self, turn: ConversationTurn) -> None:
            raise LookupError("add")

        async def get_llm_context(self) -> Mapping[str, Any]:
            raise LookupError("get")

    book = book_of(Broken())
    assert await book.context(ANN) is None
    await book.record(ANN, turn("a"))
    assert len(caplog.records) == 2


async def test_an_own_memory_does_not_lose_what_could_not_be_written() -> None:
    class Isolated(OwnMemory):
        def for_key(self, key: MemoryKey) -> SwappedMemory:
            return SwappedMemory()

    store = FlakyStore()
    book = book_of(Isolated(), store=store)
    await told(book, ANN, "a")
    store.is_down = True
    await told(book, ANN, "b")
    store.is_down = False
    await told(book, ANN, "c")
    assert store.states[ANN.composite()] == {"names": ["a", "b", "c"]}


class SwappedMemory(OwnMemory):
    """One object for all keys that is kept apart by its store alone."""

    async def persist(self, store: FlakyStore, key: str) -> None:
        await asyncio.sleep(0)
        await store.save_memory_state(key, {"names": list(self.turns)})

    async def hydrate(self, store: FlakyStore, key: str) -> None:
        state = await store.load_memory_state(key)
        self.turns = state["names"] if state is not None else []
        await asyncio.sleep(0)


async def test_an_own_memory_that_is_swapped_through_the_store_never_mixes_two_keys() -> None:
    store = FlakyStore()
    book = book_of(SwappedMemory(), store=store)
    await told(book, ANN, "a")
    await asyncio.gather(
        told(book, ANN, "b"), told(book, BOB, "x"), told(book, BOB, "y"), told(book, ANN, "c")
    )
    assert set((await read(book, ANN))["recent_turns"]) == {"a", "b", "c"}
    assert set((await read(book, BOB))["recent_turns"]) == {"x", "y"}


async def test_a_change_in_the_background_of_a_shared_memory_is_written_under_no_key() -> None:
    class Restless(SwappedMemory):
        is_idle = True
        hook: Callable[[], Awaitable[None]] | None = None

        def on_background_change(self, hook: Callable[[], Awaitable[None]]) -> None:
            self.hook = hook

        async def aclose(self) -> None: ...

    store, memory = FlakyStore(), Restless()
    book = book_of(memory, store=store)
    await told(book, ANN, "a")
    await told(book, BOB, "x")
    await told(book, ANN, "b")
    if memory.hook is not None:
        await memory.hook()
    assert store.states == {ANN.composite(): {"names": ["a", "b"]}, BOB.composite(): {"names": ["x"]}}


async def test_a_default_memory_given_to_a_planner_still_keeps_tenants_apart() -> None:
    given = DefaultShortTermMemory(config=TRUNCATION)
    book = book_of(given)
    await told(book, ANN, "a")
    await told(book, BOB, "b")
    assert await read(book, ANN) == {"recent_turns": ["a"]}
    assert await read(book, BOB) == {"recent_turns": ["b"]}
    assert by_name((await given.get_llm_context())["conversation_memory"]) == {"recent_turns": ["a"]}


async def test_a_default_memory_given_to_a_planner_is_kept_after_its_summaries() -> None:
    store = FlakyStore()
    given = DefaultShortTermMemory(config=rolling(0), summarizer=Summaries())
    book = book_of(given, store=store)
    await told(book, ANN, "a")
    await quiet()
    assert store.states[ANN.composite()]["summary"] == "a"
    await book.aclose()
    assert tasks_left() == set()


async def test_a_memory_that_cannot_be_closed_does_not_keep_the_others_open(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Unclosable(DefaultShortTermMemory):
        async def aclose(self, *, patience_s: float = 5.0) -> None:
            await super().aclose(patience_s=patience_s)
            raise LookupError("close")

    book = book_of(Unclosable(config=TRUNCATION))
    await told(book, ANN, "a")
    await told(book, BOB, "b")
    await book.aclose()
    assert caplog.text.count("a conversation memory could not be closed: ") == 2


def test_the_config_of_the_book_is_the_one_in_use() -> None:
    assert book_of(TRUNCATION).config is TRUNCATION
    assert book_of(DefaultShortTermMemory(config=TRUNCATION)).config is TRUNCATION
    assert book_of(OwnMemory()).config == ShortTermMemoryConfig()
