"""One conversation's memory and its place in the store: what is read first, what is written when.

The memory takes over the store's state before it is read or added to, and is written out after every change,
also after a summary in the background. A state that could not be read is never overwritten. When two
processes write the same conversation at the same moment, the later one wins.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from penguiflow.errors import repr_of
from penguiflow.planner._memory.default import DefaultShortTermMemory
from penguiflow.planner._memory.ports import BackgroundMemory, ShortTermMemory, awaited
from penguiflow.planner._memory.turns import ConversationTurn

logger = logging.getLogger("penguiflow.planner")

_StoreAccess: TypeAlias = Callable[[object, str], Awaitable[None] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryStanding:
    """How a memory stands after a turn: its health, and about how many tokens the model will be shown."""

    health: str
    tokens: int


class KeptMemory:
    """Lets one caller at a time read, add and write. `shared` is the lock of keys that share one memory."""

    def __init__(
        self, memory: ShortTermMemory, key: str, store: object | None, *, shared: asyncio.Lock | None = None
    ) -> None:
        self._memory = memory
        self._key = key
        self._store = store
        # Duck-typed: a memory of one's own need not be able to do either.
        self._hydrate = _access(memory, "hydrate") if store is not None else None
        self._persist = _access(memory, "persist") if store is not None else None
        self._turn = shared or asyncio.Lock()
        # A memory of one's own that could not be written would lose by reading what it has not written. The
        # default one keeps it; one that several keys share has to be read, or it shows another conversation.
        self._always_reads = shared is not None or isinstance(memory, DefaultShortTermMemory)
        self._was_read = self._hydrate is None
        self._is_unsaved = False
        self._users = 0
        # Nobody could tell to which of several keys a change in the background belongs.
        if isinstance(memory, BackgroundMemory) and shared is None:
            memory.on_background_change(self.changed)

    @property
    def is_idle(self) -> bool:
        """Return whether nobody uses the memory and nothing goes on in it."""
        if self._users:
            return False
        return not isinstance(self._memory, BackgroundMemory) or self._memory.is_idle

    @property
    def is_unsaved(self) -> bool:
        """Return whether the memory holds something that the store should have and has not."""
        return self._is_unsaved

    async def context(self) -> Mapping[str, Any]:  # any JSON
        """Return what the memory shows to the model."""
        async with self._my_turn():
            await self._read()
            return await self._memory.get_llm_context()

    async def record(self, turn: ConversationTurn) -> MemoryStanding:
        """Add a turn and write the memory out; failures of the store are logged."""
        async with self._my_turn():
            await self._read()
            await self._memory.add_turn(turn)
            await self._write()
            return MemoryStanding(health=self._memory.health.value, tokens=self._memory.estimate_tokens())

    async def changed(self) -> None:
        """Write the memory out after it changed by itself; failures are logged."""
        async with self._my_turn():
            await self._write()

    async def aclose(self) -> None:
        """End what goes on in the memory, then write what is not written yet; nobody may use it any more."""
        async with self._my_turn():
            pass  # whoever is before us may still start a summary
        if isinstance(self._memory, BackgroundMemory):
            try:
                await self._memory.aclose()
            except Exception as exc:  # noqa: BLE001 - foreign code; the other memories still have to be closed
                self._log("a conversation memory could not be closed", exc)
        async with self._my_turn():
            if self._is_unsaved:
                await self._read()
                await self._write()

    @asynccontextmanager
    async def _my_turn(self) -> AsyncGenerator[None]:
        self._users += 1
        try:
            async with self._turn:
                yield
        finally:
            self._users -= 1

    async def _read(self) -> None:
        would_lose = self._was_read and self._is_unsaved and not self._always_reads
        if self._hydrate is None or would_lose:
            return
        try:
            await awaited(self._hydrate(self._store, self._key))
        except Exception as exc:  # noqa: BLE001 - foreign code; the conversation goes on without the store
            self._log("a conversation memory could not be read from the store", exc)
        else:
            self._was_read = True

    async def _write(self) -> None:
        if self._persist is None:
            return
        self._is_unsaved = True
        if not self._was_read:
            return  # it would replace a conversation that nobody has read
        try:
            await awaited(self._persist(self._store, self._key))
        except Exception as exc:  # noqa: BLE001 - as above
            self._log("a conversation memory could not be written to the store", exc)
        else:
            self._is_unsaved = False

    def _log(self, message: str, failure: Exception) -> None:
        extra = {"memory_key": self._key, "exception": repr_of(failure)}
        logger.warning("%s: %s", message, repr_of(failure), extra=extra)


def _access(memory: ShortTermMemory, name: str) -> _StoreAccess | None:
    method = getattr(memory, name, None)
    return cast(_StoreAccess, method) if callable(method) else None
