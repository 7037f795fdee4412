"""Books of memories, and runs that use them."""

from __future__ import annotations

from typing import Any

from penguiflow.planner._memory.book import MemoryBook
from penguiflow.planner.memory import (
    MemoryKey,
    ShortTermMemory,
    ShortTermMemoryConfig,
)
from tests.planner_memory.memories import (
    Sleeps,
    Summaries,
    by_name,
    turn,
)

ANN, BOB = MemoryKey("acme", "ann", "s"), MemoryKey("acme", "bob", "s")
TRUNCATION = ShortTermMemoryConfig(strategy="truncation")


def book_of(
    config: ShortTermMemoryConfig | ShortTermMemory | None = TRUNCATION,
    *,
    store: object | None = None,
    summaries: Summaries | None = None,
    max_memories: int = 1_000,
) -> MemoryBook:
    return MemoryBook(
        config, summarizer=summaries or Summaries(), store=store, sleep=Sleeps(), max_memories=max_memories
    )


async def read(book: MemoryBook, key: MemoryKey) -> dict[str, Any]:
    patch = await book.context(key)
    assert patch is not None
    return by_name(patch["conversation_memory"])


async def told(book: MemoryBook, key: MemoryKey, *names: str) -> None:
    for name in names:
        await book.context(key)
        await book.record(key, turn(name))
