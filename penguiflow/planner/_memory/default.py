"""The memory that comes with the planner: one conversation, by the strategy of its config."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Self, cast

from penguiflow._clock import MonotonicClock, monotonic_clock
from penguiflow.planner._json import JsonObject
from penguiflow.planner._memory.background import BackgroundSummary, Sleep
from penguiflow.planner._memory.callbacks import Callbacks
from penguiflow.planner._memory.config import ShortTermMemoryConfig
from penguiflow.planner._memory.health import MemoryHealth
from penguiflow.planner._memory.keys import MemoryKey
from penguiflow.planner._memory.ledger import Ledger
from penguiflow.planner._memory.ports import Summarizer, awaited
from penguiflow.planner._memory.turns import ConversationTurn


class DefaultShortTermMemory:
    """Remembers one conversation.

    `add_turn` never waits: with `rolling_summary` older turns are summarised by one background task, and
    until they are they stay pending. Async callbacks run in a second task. Close the memory with `aclose`.
    `time_source` tells monotonic seconds; `sleep` waits between attempts at a summary.

    Given to a planner it serves the first key that asks for it; every other key gets a memory of its own.

    Raises:
        ValueError: `rolling_summary` without a summarizer.
    """

    def __init__(
        self,
        *,
        config: ShortTermMemoryConfig,
        summarizer: Summarizer | None = None,
        time_source: MonotonicClock | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        check_summarizer(config, summarizer)
        self._config = config
        self._summarizer = summarizer
        self._clock = time_source or monotonic_clock
        self._sleep = sleep
        self._callbacks = Callbacks(config)
        self._ledger = Ledger(config, clock=self._clock, callbacks=self._callbacks)
        self._background = BackgroundSummary(
            self._ledger, summarizer, with_digest=config.include_trajectory_digest, sleep=sleep
        )
        self._store_access = asyncio.Lock()
        self._key: MemoryKey | None = None

    @property
    def config(self) -> ShortTermMemoryConfig:
        """The config it was made with."""
        return self._config

    @property
    def health(self) -> MemoryHealth:
        """How well summaries work; always healthy without them."""
        return self._ledger.health

    @property
    def is_idle(self) -> bool:
        """Whether neither a summary nor an async callback is under way."""
        return self._background.is_idle and self._callbacks.is_idle

    async def add_turn(self, turn: ConversationTurn) -> None:
        """Remember a turn.

        Raises:
            MemoryBudgetExceeded: it does not fit and the policy is `error`; nothing was changed.
        """
        self._ledger.add(turn)
        self._background.start()

    async def get_llm_context(self) -> JsonObject:
        """Return `{"conversation_memory": {"recent_turns", "pending_turns"?, "summary"?}}`.

        It is empty with the strategy `none`.
        """
        if self._config.strategy == "none":
            return {}
        return {"conversation_memory": self._ledger.view()}

    def estimate_tokens(self) -> int:
        """Return about how many tokens the model is shown."""
        return self._ledger.tokens()

    async def flush(self) -> None:
        """Wait until nothing is pending, or until summaries are given up; failed ones are tried again."""
        await self._background.finish()

    def to_dict(self) -> dict[str, Any]:  # any JSON
        """Return what is held as JSON: version, health, summary, turns, pending, backlog, config_snapshot."""
        return self._ledger.snapshot().record

    def from_dict(self, state: Mapping[str, Any]) -> None:  # what `to_dict` returned
        """Replace what is held; no callback is told.

        Raises:
            ValueError: another version, an unknown health, or a damaged state; nothing was changed.
        """
        self._ledger.replace(state)

    async def persist(self, store: object, key: str) -> None:
        """Keep what is held in a store with `save_memory_state`; any other store is left alone."""
        save = getattr(store, "save_memory_state", None)
        if not callable(save):
            return
        async with self._store_access:
            snapshot = self._ledger.snapshot()
            await awaited(save(key, snapshot.record))
            self._ledger.stored(snapshot)

    async def hydrate(self, store: object, key: str) -> None:
        """Take over what a store with `load_memory_state` has under the key.

        Turns that were never persisted follow behind it. When the store has nothing, or only what this
        memory itself put there or took from there last, nothing changes: a summary made since stays.

        Raises:
            ValueError: as `from_dict`.
        """
        load = getattr(store, "load_memory_state", None)
        if not callable(load):
            return
        async with self._store_access:
            state = cast(Mapping[str, Any] | None, await awaited(load(key)))  # of a duck-typed store
            if state is not None:
                self._ledger.merge(state)

    def get_artifact(self, ref: str) -> Any | None:  # any JSON; a subclass may keep some
        """Return None: this memory keeps no artifacts."""
        return None

    def for_key(self, key: MemoryKey) -> Self:
        """Return this memory for the key that asks first, and a new one like it for any other."""
        if self._key is None:
            self._key = key
        if key == self._key:
            return self
        return type(self)(
            config=self._config, summarizer=self._summarizer, time_source=self._clock, sleep=self._sleep
        )

    def on_background_change(self, hook: Callable[[], Awaitable[None]]) -> None:
        """Await the hook after each attempt at a summary; a second hook replaces the first."""
        self._background.on_change = hook

    async def aclose(self, *, patience_s: float = 5.0) -> None:
        """End both tasks: each may go on for `patience_s` seconds, then it is cancelled.

        What was not summarised stays pending. The next turn starts the tasks anew.
        """
        await self._background.aclose(patience_s)
        await self._callbacks.aclose(patience_s)


def check_summarizer(config: ShortTermMemoryConfig, summarizer: Summarizer | None) -> None:
    """Raise ValueError when a summarizer is needed and missing."""
    if config.summarises and summarizer is None:
        raise ValueError(
            "the strategy `rolling_summary` needs a summarizer; give one, or use the strategy `truncation`"
        )
