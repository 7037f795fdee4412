"""What a memory is to the planner. A program may bring its own; only `ShortTermMemory` is asked for."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeAlias, runtime_checkable

from penguiflow.planner._json import JsonObject
from penguiflow.planner._memory.health import MemoryHealth
from penguiflow.planner._memory.keys import MemoryKey
from penguiflow.planner._memory.turns import ConversationTurn

Summarizer: TypeAlias = Callable[[JsonObject], Awaitable[Mapping[str, Any]]]
"""Turns `{"previous_summary": str, "turns": [...]}` into `{"summary": str}`, a text that covers both."""


@runtime_checkable
class ShortTermMemory(Protocol):
    """Remembers conversations.

    Without a method `for_key` one object serves every key and must keep conversations apart by itself.
    """

    @property
    def health(self) -> MemoryHealth:
        """How well summaries work."""
        ...

    async def add_turn(self, turn: ConversationTurn) -> None:
        """Remember a turn; this never waits for a summary."""
        ...

    async def get_llm_context(self) -> Mapping[str, Any]:  # any JSON
        """Return what is merged over `llm_context`: `{"conversation_memory": {...}}`, or nothing."""
        ...

    def estimate_tokens(self) -> int:
        """Return about how many tokens the model is shown."""
        ...

    async def flush(self) -> None:
        """Return when nothing that is under way in the background is left."""
        ...


@runtime_checkable
class ShortTermMemoryPersistence(Protocol):
    """A memory that can be kept in a store, which may be any object with methods the memory knows."""

    async def persist(self, store: object, key: str) -> None:
        """Keep what is held under the key; a store that cannot do that is left alone."""
        ...

    async def hydrate(self, store: object, key: str) -> None:
        """Take over what the store has under the key, if anything."""
        ...


@runtime_checkable
class ShortTermMemorySerializable(Protocol):
    """A memory whose content can be written out as JSON and read back."""

    def to_dict(self) -> dict[str, Any]:  # any JSON
        """Return what is held."""
        ...

    def from_dict(self, state: Mapping[str, Any]) -> None:  # what `to_dict` returned
        """Replace what is held.

        Raises:
            ValueError: the state cannot be read.
        """
        ...


@runtime_checkable
class ShortTermMemoryArtifacts(Protocol):
    """A memory that keeps the artifacts its turns refer to."""

    def get_artifact(self, ref: str) -> Any | None:  # any JSON
        """Return an artifact, None when it is not kept."""
        ...


@runtime_checkable
class KeyedMemory(Protocol):
    """A memory that keeps conversations apart by giving each key a memory of its own."""

    def for_key(self, key: MemoryKey) -> ShortTermMemory:
        """Return the memory of this key and no other."""
        ...


@runtime_checkable
class BackgroundMemory(Protocol):
    """A memory that also changes while nobody calls it."""

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way in the background."""
        ...

    def on_background_change(self, hook: Callable[[], Awaitable[None]]) -> None:
        """Await the hook after each change in the background; a second hook replaces the first."""
        ...

    async def aclose(self) -> None:
        """End what is under way; the memory can be used again."""
        ...


async def awaited(result: Any) -> Any:  # whatever a duck-typed method returns
    """Return the result of a method that may be sync or async."""
    return await result if inspect.isawaitable(result) else result
