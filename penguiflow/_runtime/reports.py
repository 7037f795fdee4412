"""What a worker tells about its node; cancelling a trace never interrupts a listener."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from penguiflow._clock import monotonic_clock
from penguiflow._runtime.events import Announcer, Observed
from penguiflow._runtime.interrupts import Interrupts
from penguiflow._runtime.retry import is_timeout
from penguiflow._runtime.trace import Trace
from penguiflow.errors import FlowError
from penguiflow.metrics import NO_FACTS


class Reports:
    """Events of one node, in the words of the contract."""

    __slots__ = ("_announcer", "_interrupts", "_place", "_started")

    def __init__(self, announcer: Announcer, place: Observed, interrupts: Interrupts) -> None:
        self._announcer = announcer
        self._place = place
        self._interrupts = interrupts
        self._started = 0.0

    def attempt_begins(self) -> None:
        """Start the clock of an attempt."""
        self._started = monotonic_clock()

    def latency_ms(self) -> float:
        """Return how long the attempt has taken so far."""
        return (monotonic_clock() - self._started) * 1000

    async def node_start(self, trace: Trace | None, attempt: int) -> None:
        await self._say("node_start", trace, attempt=attempt, latency_ms=0.0)
        self._yield_to_interruption()

    async def node_success(self, trace: Trace | None, attempt: int) -> None:
        await self._say("node_success", trace, attempt=attempt, latency_ms=self.latency_ms())
        if self._interrupts.reason is not None:
            await self._interrupts.absorb()  # too late: the work is done

    async def attempt_failed(self, trace: Trace | None, attempt: int, failure: BaseException) -> None:
        await self._say(
            "node_timeout" if is_timeout(failure) else "node_error",
            trace,
            attempt=attempt,
            latency_ms=self.latency_ms(),
            extra={"exception": repr(failure)},
            failure=failure,
        )
        self._yield_to_interruption()

    async def node_failed(self, trace: Trace | None, attempt: int, error: FlowError) -> None:
        await self._say(
            "node_failed",
            trace,
            attempt=attempt,
            latency_ms=self.latency_ms(),
            extra={"exception": repr(error.original_exc), "flow_error": error.to_payload()},
            failure=error.original_exc,
        )
        self._yield_to_interruption()

    async def node_retry(
        self, trace: Trace | None, next_attempt: int, failure: BaseException, sleep_s: float
    ) -> None:
        extra = {"sleep_s": sleep_s, "exception": repr(failure)}
        await self._say("node_retry", trace, attempt=next_attempt, extra=extra)
        self._yield_to_interruption()

    async def deadline_skip(self, trace: Trace | None, deadline_s: float | None) -> None:
        await self._say("deadline_skip", trace, extra={"deadline_s": deadline_s})
        self._yield_to_interruption()

    async def trace_cancel_drop(self, trace: Trace) -> None:
        await self._say("trace_cancel_drop", trace)

    async def node_trace_cancelled(self, trace: Trace | None) -> None:
        await self._say("node_trace_cancelled", trace)

    async def worker_ended(self) -> None:
        await self._say("node_cancelled", None)

    async def _say(
        self,
        event_type: str,
        trace: Trace | None,
        *,
        attempt: int = 0,
        latency_ms: float | None = None,
        extra: Mapping[str, Any] = NO_FACTS,  # each event type has its own facts
        failure: BaseException | None = None,
    ) -> None:
        event = self._announcer.event(
            event_type, self._place, trace=trace, attempt=attempt, latency_ms=latency_ms, extra=extra
        )
        self._interrupts.deaf = True
        try:
            await self._announcer.announce(event, failure)
        finally:
            self._interrupts.deaf = False

    def _yield_to_interruption(self) -> None:
        if self._interrupts.reason is not None:
            raise asyncio.CancelledError  # asked for while a listener was told
