"""Summarises what waits, in one task that ends when nothing is left to do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from penguiflow.errors import repr_of
from penguiflow.planner._json import JsonObject
from penguiflow.planner._memory.ending import end, is_being_cancelled
from penguiflow.planner._memory.ledger import Batch, Ledger
from penguiflow.planner._memory.ports import Summarizer
from penguiflow.planner._memory.turns import shown_turn

logger = logging.getLogger("penguiflow.planner")

Sleep: TypeAlias = Callable[[float], Awaitable[None]]

Hook: TypeAlias = Callable[[], Awaitable[None]]


class BackgroundSummary:
    """Owns the task. Whoever made this ends it with `aclose`, or waits with `finish`."""

    def __init__(
        self, ledger: Ledger, summarizer: Summarizer | None, *, with_digest: bool, sleep: Sleep
    ) -> None:
        self._ledger = ledger
        self._summarizer = summarizer
        self._with_digest = with_digest
        self._sleep = sleep
        self._task: asyncio.Task[None] | None = None
        self._runs = False
        self._closing = False
        self._waits_to_retry = False
        self.on_change: Hook | None = None

    @property
    def is_idle(self) -> bool:
        """Return whether no task is running."""
        # An eager task runs before anybody has hold of it.
        return not self._runs and (self._task is None or self._task.done())

    def start(self) -> None:
        """Begin to summarise if something waits and nobody does."""
        if self.is_idle and not self._closing and self._ledger.next_batch() is not None:
            self._task = asyncio.get_running_loop().create_task(self._run(), name="penguiflow:memory_summary")

    async def finish(self) -> None:
        """Return when nothing waits any more, or when summaries are given up for now."""
        while True:
            self.start()
            task = self._task
            if task is None or task.done() or task is asyncio.current_task():
                return
            await asyncio.wait((task,))  # cancels nothing when the caller is cancelled

    async def aclose(self, patience_s: float) -> None:
        """Let the summary that is under way come to its end for a while, then cancel it.

        A wait for a retry is cut short. What was not summarised goes on waiting; the next turn starts anew.
        """
        self._closing = True
        if self._waits_to_retry and self._task is not None:
            self._task.cancel()
        try:
            await end(self._task, patience_s=patience_s)
        finally:
            self._closing = False

    async def _run(self) -> None:
        self._runs = True
        try:
            while not self._closing and (batch := self._ledger.next_batch()) is not None:
                delay_s = await self._attempt(batch)
                await self._tell_change()
                if delay_s and not self._closing:
                    await self._wait(delay_s)
        finally:
            self._runs = False

    async def _attempt(self, batch: Batch) -> float | None:
        """Summarise one batch; return how many seconds to wait before the next attempt, if any."""
        request: JsonObject = {
            "previous_summary": batch.previous_summary,
            "turns": [shown_turn(turn, with_digest=self._with_digest) for turn in batch.turns],
        }
        try:
            self._ledger.succeeded(batch, await self._summary(request))
        except asyncio.CancelledError as exc:
            if is_being_cancelled():
                raise
            return self._failed(batch, exc)
        except Exception as exc:  # noqa: BLE001 - foreign code; its failure decides the health
            return self._failed(batch, exc)
        return None

    async def _summary(self, request: JsonObject) -> str:
        if self._summarizer is None:
            raise RuntimeError("this memory has no summarizer")
        summary: object = (await self._summarizer(request)).get("summary")
        if not isinstance(summary, str) or not summary.strip():
            raise ValueError('the summarizer must return {"summary": a text that is not empty}')
        return summary

    def _failed(self, batch: Batch, failure: BaseException) -> float | None:
        delay_s = self._ledger.failed(batch)
        logger.warning(
            "summarising a conversation failed: %s",
            repr_of(failure),
            extra={
                "exception": repr_of(failure),
                "memory_health": self._ledger.health.value,
                "retry_in_s": delay_s,
            },
        )
        return delay_s

    async def _tell_change(self) -> None:
        if self.on_change is None:
            return
        try:
            await self.on_change()
        except Exception as exc:  # noqa: BLE001 - foreign code; its failure is logged
            logger.warning("a memory hook failed", extra={"exception": repr_of(exc)})

    async def _wait(self, delay_s: float) -> None:
        self._waits_to_retry = True
        try:
            await self._sleep(delay_s)
        finally:
            self._waits_to_retry = False
