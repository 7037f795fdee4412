"""What a worker tells about its node; cancelling a trace never interrupts a listener."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from penguiflow._clock import monotonic_clock
from penguiflow._runtime.events import Announcer, Observed
from penguiflow._runtime.interrupts import Interrupts
from penguiflow._runtime.retry import is_timeout
from penguiflow._runtime.trace import Trace
from penguiflow.errors import FlowError, repr_of
from penguiflow.metrics import FlowEvent


class Reports:
    """Events of one node, in the words of the contract."""

    __slots__ = ("_announcer", "_interrupts", "_place", "started")

    def __init__(self, announcer: Announcer, place: Observed, interrupts: Interrupts) -> None:
        self._announcer = announcer
        self._place = place
        self._interrupts = interrupts
        self.started = 0.0
        """When the current attempt began, on the monotonic clock."""

    def latency_ms(self) -> float:
        """Return how long the attempt has taken so far."""
        return (monotonic_clock() - self.started) * 1000

    async def node_start(self, trace: Trace | None, attempt: int) -> None:
        event = self._announcer.event("node_start", self._place, trace=trace, attempt=attempt, latency_ms=0.0)
        await self._tell(event)
        self._yield_to_interruption()

    async def node_success(self, trace: Trace | None, attempt: int) -> None:
        await self._tell(
            self._announcer.event(
                "node_success", self._place, trace=trace, attempt=attempt, latency_ms=self.latency_ms()
            )
        )
        if self._interrupts.reason is not None:
            await self._interrupts.absorb()  # too late: the work is done

    async def attempt_failed(self, trace: Trace | None, attempt: int, failure: BaseException) -> None:
        await self._say(
            "node_timeout" if is_timeout(failure) else "node_error",
            trace,
            attempt=attempt,
            latency_ms=self.latency_ms(),
            extra={"exception": repr_of(failure)},
            failure=failure,
        )
        self._yield_to_interruption()

    async def node_failed(self, trace: Trace | None, attempt: int, error: FlowError) -> None:
        original = error.unwrap() or error
        await self._say(
            "node_failed",
            trace,
            attempt=attempt,
            latency_ms=self.latency_ms(),
            extra={"exception": repr_of(original), "flow_error": error.to_payload()},
            failure=original,
        )
        self._yield_to_interruption()

    async def node_retry(
        self, trace: Trace | None, next_attempt: int, failure: BaseException, sleep_s: float
    ) -> None:
        extra = {"sleep_s": sleep_s, "exception": repr_of(failure)}
        await self._say("node_retry", trace, attempt=next_attempt, extra=extra)
        self._yield_to_interruption()

    async def deadline_skip(self, trace: Trace | None, deadline_s: float | None) -> None:
        await self._say("deadline_skip", trace, extra={"deadline_s": deadline_s})
        self._yield_to_interruption()

    async def trace_cancel_drop(self, trace: Trace) -> None:
        await self._say("trace_cancel_drop", trace)

    async def node_trace_cancelled(self, trace: Trace | None) -> None:
        if self._announcer.is_heard():
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
        extra: Mapping[str, Any] | None = None,  # each event type has its own facts
        failure: BaseException | None = None,
    ) -> None:
        event = self._announcer.event(
            event_type, self._place, trace=trace, attempt=attempt, latency_ms=latency_ms
        )
        await self._tell(event if extra is None else replace(event, extra=extra), failure)

    async def _tell(self, event: FlowEvent, failure: BaseException | None = None) -> None:
        self._interrupts.deaf = True
        try:
            await self._announcer.announce(event, failure)
        finally:
            self._interrupts.deaf = False

    def _yield_to_interruption(self) -> None:
        if self._interrupts.reason is not None:
            raise asyncio.CancelledError  # asked for while a listener was told
