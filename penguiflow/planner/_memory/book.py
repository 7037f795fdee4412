"""All conversation memories of one planner, one per key."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

from penguiflow._clock import MonotonicClock, monotonic_clock
from penguiflow._ids import IdSource, new_id
from penguiflow.errors import repr_of
from penguiflow.planner._json import JsonObject, is_json
from penguiflow.planner._memory.background import Sleep
from penguiflow.planner._memory.config import ShortTermMemoryConfig
from penguiflow.planner._memory.default import DefaultShortTermMemory, check_summarizer
from penguiflow.planner._memory.kept import KeptMemory, MemoryStanding
from penguiflow.planner._memory.keys import EphemeralKey, MemoryKey, ephemeral_key, key_in
from penguiflow.planner._memory.ports import KeyedMemory, ShortTermMemory, Summarizer
from penguiflow.planner._memory.turns import ConversationTurn

logger = logging.getLogger("penguiflow.planner")

MAX_MEMORIES: Final = 1_000


class MemoryBook:
    """Finds, makes and bounds the memories of a planner.

    From a config it makes one memory per key. An object of the program's own is asked for the memory of
    each key by `for_key`; without that method the one object serves all keys, and keeping them apart is its
    own business.

    Over `max_memories` the one that was not used for longest goes, if it is idle and the store has all of
    it. Without a store its conversation is then forgotten. One that could not be stored goes only when
    there are twice as many.

    Raises:
        TypeError: neither a config nor a memory.
        ValueError: `rolling_summary` without a summarizer.
    """

    def __init__(
        self,
        config: ShortTermMemoryConfig | ShortTermMemory | None,
        *,
        summarizer: Summarizer | None,
        store: object | None,
        clock: MonotonicClock = monotonic_clock,
        sleep: Sleep = asyncio.sleep,
        new_id: IdSource = new_id,
        max_memories: int = MAX_MEMORIES,
    ) -> None:
        self._given, self._config = _given_and_config(config)
        if self._given is None:
            check_summarizer(self._config, summarizer)
        self._summarizer = summarizer
        self._store = store
        self._clock = clock
        self._sleep = sleep
        self._new_id = new_id
        self._max_memories = max_memories
        self._kept: OrderedDict[str, KeptMemory] = OrderedDict()
        self._shared_turn = asyncio.Lock()
        self._warned_of_sharing = False
        self._is_closed = False

    @property
    def config(self) -> ShortTermMemoryConfig:
        """Return the config in use, a default one for an object without a config."""
        return self._config

    @property
    def held_count(self) -> int:
        """Return the number of memories held."""
        return len(self._kept)

    def resolve_key(self, memory_key: MemoryKey | None, tool_context: Mapping[str, Any]) -> MemoryKey | None:
        """Return whose conversation a call continues, None when it has no memory."""
        if self._given is None and self._config.strategy == "none":
            return None
        isolation = self._config.isolation
        key = memory_key if memory_key is not None else key_in(tool_context, isolation)
        if key is not None:
            return key
        if not isolation.require_explicit_key:
            return ephemeral_key(self._new_id)
        logger.info(
            "a run has no conversation memory: it has no `memory_key`, and its tool context names no session"
        )
        return None

    async def context(self, key: MemoryKey) -> JsonObject | None:
        """Return what is merged over `llm_context`; None, and a warning in the log, when that failed."""
        if isinstance(key, EphemeralKey):
            return {"conversation_memory": {"recent_turns": []}}
        try:
            kept = self._open(key)
            patch = dict(await kept.context()) if kept is not None else {}
        except Exception as exc:  # noqa: BLE001 - foreign code; the run goes on without memory
            self._log("the run goes on without its conversation memory", key, exc)
            return None
        if not is_json(patch):
            self._log("the run goes on without its conversation memory", key, TypeError("it is no JSON"))
            return None
        return patch or None

    async def record(self, key: MemoryKey, turn: ConversationTurn) -> MemoryStanding | None:
        """Add a turn to the conversation and keep it; what fails is logged and gives None."""
        if isinstance(key, EphemeralKey):
            return None
        try:
            kept = self._open(key)
            if kept is None:
                raise RuntimeError("the planner was closed")
            return await kept.record(turn)
        except Exception as exc:  # noqa: BLE001 - foreign code; the answer of the run is not lost for it
            self._log("a turn was not added to its conversation memory", key, exc)
            return None

    async def aclose(self) -> None:
        """End what is under way in every memory and write what the store lacks; the book is then empty.

        A summary that is under way gets a few seconds; without one its turns stay pending.
        """
        self._is_closed = True
        kept = list(self._kept.values())
        self._kept.clear()
        async with asyncio.TaskGroup() as closing:
            for memory in kept:
                closing.create_task(memory.aclose(), name="penguiflow:memory_close")

    def _open(self, key: MemoryKey) -> KeptMemory | None:
        """Return the memory of a key, None when the book is closed."""
        if self._is_closed:
            return None
        name = key.composite()
        kept = self._kept.get(name)
        if kept is None:
            kept = self._kept[name] = self._made(key, name)
            self._make_room()
        self._kept.move_to_end(name)
        return kept

    def _made(self, key: MemoryKey, name: str) -> KeptMemory:
        if self._given is None:
            memory = DefaultShortTermMemory(
                config=self._config, summarizer=self._summarizer, time_source=self._clock, sleep=self._sleep
            )
            return KeptMemory(memory, name, self._store)
        if isinstance(self._given, KeyedMemory):
            return KeptMemory(self._given.for_key(key), name, self._store)
        if self._kept and not self._warned_of_sharing:
            self._warned_of_sharing = True
            logger.warning(
                "one memory object serves several conversations and must keep them apart by itself; "
                "give it a method `for_key(key)` that returns the memory of one conversation",
                extra={"memory": type(self._given).__name__},
            )
        # Without a store nothing is swapped in and out of the object, so nobody has to wait for another key.
        shared = self._shared_turn if self._store is not None else None
        return KeptMemory(self._given, name, self._store, shared=shared)

    def _make_room(self) -> None:
        over = len(self._kept) - self._max_memories
        far_over = len(self._kept) > 2 * self._max_memories
        for name in list(self._kept)[:-1] if over > 0 else ():
            kept = self._kept[name]
            if over <= 0:
                return
            if kept.is_idle and (far_over or not kept.is_unsaved):
                del self._kept[name]
                over -= 1

    def _log(self, message: str, key: MemoryKey, failure: Exception) -> None:
        extra = {"memory_key": key.composite(), "exception": repr_of(failure)}
        logger.warning("%s: %s", message, repr_of(failure), extra=extra)


def _given_and_config(
    config: object,  # callers are not always type-checked
) -> tuple[ShortTermMemory | None, ShortTermMemoryConfig]:
    if config is None:
        return None, ShortTermMemoryConfig()
    if isinstance(config, ShortTermMemoryConfig):
        return None, config
    if not isinstance(config, ShortTermMemory):
        raise TypeError(
            "`short_term_memory` must be a ShortTermMemoryConfig or an object with the methods of "
            f"ShortTermMemory; got `{type(config).__name__}`"
        )
    own = getattr(config, "config", None)
    return config, own if isinstance(own, ShortTermMemoryConfig) else ShortTermMemoryConfig()
