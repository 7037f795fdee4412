"""Who listens to the runtime, and how they are told; nothing is built when nobody listens.

Order: log record, then middlewares in the order of their registration, each awaited. A middleware
that fails is logged and otherwise ignored.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from penguiflow._clock import WallClock
from penguiflow._runtime.endpoints import Owner
from penguiflow._runtime.trace import Trace
from penguiflow.metrics import NO_FACTS, FlowEvent, Middleware

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


class Observed(Protocol):
    """What an event tells about the place where it happened; a context has it all."""

    @property
    def owner(self) -> Owner: ...
    def queue_depth_in(self) -> int: ...
    def queue_depth_out(self) -> int: ...
    def outgoing_count(self) -> int: ...


class Announcer:
    """Tells the log and the middlewares of one flow what happens in it."""

    def __init__(self, middlewares: Sequence[Middleware], *, queue_maxsize: int, clock: WallClock) -> None:
        self._middlewares = list(middlewares)
        self._queue_maxsize = queue_maxsize
        self._clock = clock

    def add(self, middleware: Middleware) -> None:
        """Let one more middleware listen, from the next event on."""
        self._middlewares.append(middleware)

    def is_heard(self) -> bool:
        """Tell whether anybody listens to what happens in the normal course."""
        return bool(self._middlewares) or LOGGER.isEnabledFor(logging.INFO)

    def event(
        self,
        event_type: str,
        place: Observed,
        *,
        trace_id: str | None = None,
        trace: Trace | None = None,
        attempt: int = 0,
        latency_ms: float | None = None,
        extra: Mapping[str, Any] = NO_FACTS,  # each event type has its own facts
    ) -> FlowEvent:
        """Describe what happens at this moment at the owner of `place`."""
        if trace is not None:
            trace_id = trace.trace_id
        return FlowEvent(
            event_type,
            self._clock(),
            place.owner.name,
            place.owner.node_id,
            trace_id,
            attempt,
            latency_ms,
            place.queue_depth_in(),
            place.queue_depth_out(),
            place.outgoing_count(),
            self._queue_maxsize,
            _pending(trace_id, trace),
            0 if trace is None else len(trace.holders),
            trace is not None and trace.cancelled,
            extra,
        )

    async def announce(self, event: FlowEvent, failure: BaseException | None = None) -> None:
        """Tell everybody; `failure` becomes the traceback of the log record."""
        level = _LEVELS.get(event.event_type, logging.INFO)
        if LOGGER.isEnabledFor(level):
            LOGGER.log(level, event.event_type, extra=event.to_payload(), exc_info=failure)
        for middleware in tuple(self._middlewares):
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

    def __init__(self, announcer: Announcer, rookery: Observed) -> None:
        self._announcer = announcer
        self._rookery = rookery
        self.pending: list[str] = []

    def note(self, trace_id: str) -> None:
        """Remember that this trace has ended."""
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


def _pending(trace_id: str | None, trace: Trace | None) -> int | None:
    if trace is not None:
        return trace.pending
    return None if trace_id is None else 0


def _log_middleware_failure(event: FlowEvent, failure: BaseException) -> None:
    LOGGER.error(
        "middleware_error",
        extra={
            "event": "middleware_error",
            "node_name": event.node_name,
            "node_id": event.node_id,
            "exception": repr(failure),
        },
        exc_info=failure,
    )
