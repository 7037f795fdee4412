"""Who listens to the runtime, and how they are told; nothing is built when nobody listens.

Order: log record, state store, then middlewares in the order of their registration, each awaited. A
listener that fails is logged and otherwise ignored.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Protocol

from penguiflow._clock import WallClock
from penguiflow._runtime.endpoints import Owner
from penguiflow._runtime.outlet import Outlet
from penguiflow._runtime.trace import Trace
from penguiflow.errors import repr_of
from penguiflow.metrics import FlowEvent, Middleware, flow_event

LOGGER = logging.getLogger("penguiflow.core")

_LEVELS: Mapping[str, int] = {
    "node_start": logging.DEBUG,
    "node_success": logging.INFO,
    "node_timeout": logging.WARNING,
    "node_error": logging.ERROR,
    "node_retry": logging.INFO,
    "node_failed": logging.ERROR,
    "node_cancelled": logging.DEBUG,
    "node_trace_cancelled": logging.INFO,
    "deadline_skip": logging.INFO,
    "trace_cancel_start": logging.INFO,
    "trace_cancel_drop": logging.INFO,
    "trace_cancel_finish": logging.INFO,
}


_RECORD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class Observed(Protocol):
    """What an event tells about the place where it happened; a context has it all."""

    @property
    def owner(self) -> Owner: ...
    def queue_depth_in(self) -> int: ...
    def queue_depth_out(self) -> int: ...
    def outgoing_count(self) -> int: ...


class Announcer:
    """Tells the log, the state store and the middlewares of one flow what happens in it."""

    __slots__ = ("_clock", "_has_listeners", "_middlewares", "_queue_maxsize", "_store")

    def __init__(
        self,
        middlewares: Sequence[Middleware],
        store: Outlet[FlowEvent] | None,
        *,
        queue_maxsize: int,
        clock: WallClock,
    ) -> None:
        self._middlewares = tuple(middlewares)
        self._store = store
        self._has_listeners = bool(self._middlewares) or store is not None
        self._queue_maxsize = queue_maxsize
        self._clock = clock

    def add(self, middleware: Middleware) -> None:
        """Let one more middleware listen, from the next event on."""
        self._middlewares = (*self._middlewares, middleware)
        self._has_listeners = True

    def is_heard(self) -> bool:
        """Tell whether anybody listens to what happens in the normal course."""
        return self._has_listeners or LOGGER.isEnabledFor(logging.INFO)

    def may_wait(self) -> bool:
        """Tell whether a listener may take its time."""
        return self._has_listeners

    def event(
        self,
        event_type: str,
        place: Observed,
        *,
        trace_id: str | None = None,
        trace: Trace | None = None,
        attempt: int = 0,
        latency_ms: float | None = None,
    ) -> FlowEvent:
        """Describe what happens at this moment at the owner of `place`."""
        if trace is None:
            pending, in_flight, cancelled = None if trace_id is None else 0, 0, False
        else:
            in_flight = len(trace.holders)
            pending, cancelled, trace_id = len(trace.queued) + in_flight, trace.cancelled, trace.trace_id
        owner = place.owner
        return flow_event(
            event_type,
            self._clock(),
            owner.name,
            owner.node_id,
            trace_id,
            attempt,
            latency_ms,
            place.queue_depth_in(),
            place.queue_depth_out(),
            place.outgoing_count(),
            self._queue_maxsize,
            pending,
            in_flight,
            cancelled,
        )

    async def announce(
        self, event: FlowEvent, failure: BaseException | None = None, level: int | None = None
    ) -> None:
        """Tell everybody; `failure` becomes the traceback of the log record."""
        if level is None:
            level = _LEVELS.get(event.event_type, logging.INFO)
        if LOGGER.isEnabledFor(level):
            LOGGER.log(level, event.event_type, extra=_log_facts(event), exc_info=failure)
        if self._store is not None:
            self._store.put(event)
            await self._store.caught_up()
        for middleware in self._middlewares:
            try:
                await middleware(event)
            except asyncio.CancelledError as exc:
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
                _log_middleware_failure(event, exc)
            except Exception as exc:  # noqa: BLE001 - an observer must not fail the flow; it is logged
                _log_middleware_failure(event, exc)


class Farewells:
    """The cancelled traces that have ended, until the listeners are told.

    A trace may end where nothing can be awaited; whoever awaits next tells.
    """

    __slots__ = ("_announcer", "_rookery", "pending")

    def __init__(self, announcer: Announcer, rookery: Observed) -> None:
        self._announcer = announcer
        self._rookery = rookery
        self.pending: list[str] = []

    def note(self, trace_id: str) -> None:
        """Remember that this trace has ended, if anybody wants to know."""
        if self._announcer.is_heard():
            self.pending.append(trace_id)

    async def say(self) -> None:
        """Tell the listeners what was noted."""
        while self.pending:
            trace_id = self.pending.pop(0)
            event = self._announcer.event("trace_cancel_finish", self._rookery, trace_id=trace_id)
            await self._announcer.announce(event)

    def clear(self) -> None:
        """Forget what was noted, because the flow stopped."""
        self.pending.clear()


def _log_facts(event: FlowEvent) -> dict[str, object]:
    facts = event.to_payload()
    if event.extra:  # logging refuses facts with the names of its own
        return {f"extra_{key}" if key in _RECORD_FIELDS else key: value for key, value in facts.items()}
    return facts


def _log_middleware_failure(event: FlowEvent, failure: BaseException) -> None:
    LOGGER.error(
        "middleware_error",
        extra={
            "event": "middleware_error",
            "node_name": event.node_name,
            "node_id": event.node_id,
            "exception": repr_of(failure),
        },
        exc_info=failure,
    )
