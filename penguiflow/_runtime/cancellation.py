"""Ending one trace, at once and before anybody is told."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from penguiflow._runtime.errands import Errands
from penguiflow._runtime.outlet import PATIENCE_S
from penguiflow._runtime.services import Services
from penguiflow._runtime.trace import Trace
from penguiflow._runtime.wiring import Waters
from penguiflow.errors import TraceCancelled
from penguiflow.metrics import FlowEvent


class Cancellation:
    """Cancels traces of one flow."""

    __slots__ = ("_errands", "_services", "_waters")

    def __init__(self, services: Services, waters: Waters, errands: Errands) -> None:
        self._services = services
        self._waters = waters
        self._errands = errands

    async def cancel(self, trace_id: str) -> bool:
        """Drop what is queued of the trace, interrupt those who work on it, and send its callers away."""
        traces, round_trips = self._services.traces, self._services.round_trips
        trace = traces.find(trace_id)
        if trace is None:
            if round_trips.is_under_way(trace_id):
                traces.disown(trace_id)
                self._waters.landing.fail(trace_id, TraceCancelled(trace_id))
                round_trips.end(trace_id)
            return False
        if trace.cancelled:
            return True
        self._waters.landing.fail(trace_id, TraceCancelled(trace_id))
        traces.mark_cancelled(trace)
        start = self._start_event(trace) if self._services.announcer.is_heard() else None
        traces.purge(trace)
        if start is not None:
            await self._tell_in_time(start)
        return True

    def _start_event(self, trace: Trace) -> FlowEvent:
        event = self._services.announcer.event("trace_cancel_start", self._waters.open_sea, trace=trace)
        return replace(event, extra={"pending": trace.pending})

    async def _tell_in_time(self, start: FlowEvent) -> None:
        """Tell the listeners; one who takes his time does not hold up the caller."""
        if not self._services.announcer.may_wait():
            await self._tell(start)
            return
        telling = asyncio.create_task(self._tell(start))
        self._errands.add(telling)
        await asyncio.wait((telling,), timeout=PATIENCE_S)

    async def _tell(self, start: FlowEvent) -> None:
        await self._services.announcer.announce(start)
        await self._services.farewells.say()
