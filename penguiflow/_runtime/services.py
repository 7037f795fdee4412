"""What the contexts and the workers of one flow share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from penguiflow._clock import WallClock
from penguiflow._runtime.events import Announcer, Farewells, Observed
from penguiflow._runtime.streams import Streams
from penguiflow._runtime.trace import Trace, Traces
from penguiflow._runtime.watchdog import Watchdog
from penguiflow.metrics import Middleware


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts of a flow that are one per flow."""

    queue_maxsize: int
    emit_errors_to_rookery: bool
    clock: WallClock
    announcer: Announcer
    farewells: Farewells
    traces: Traces
    streams: Streams
    watchdog: Watchdog

    def forget(self) -> None:
        """Drop what belonged to one run, because the flow stopped."""
        self.watchdog.close()
        self.traces.clear()
        self.streams.clear()
        self.farewells.clear()


def build_services(
    *,
    queue_maxsize: int,
    emit_errors_to_rookery: bool,
    clock: WallClock,
    middlewares: Sequence[Middleware],
    rookery: Observed,
) -> Services:
    """Create the shared parts of a flow and connect them."""
    announcer = Announcer(middlewares, queue_maxsize=queue_maxsize, clock=clock)
    farewells = Farewells(announcer, rookery)
    streams = Streams()

    def on_end(trace: Trace) -> None:
        streams.end_trace(trace)
        if trace.cancelled:
            farewells.note(trace.trace_id)

    return Services(
        queue_maxsize=queue_maxsize,
        emit_errors_to_rookery=emit_errors_to_rookery,
        clock=clock,
        announcer=announcer,
        farewells=farewells,
        traces=Traces(on_end),
        streams=streams,
        watchdog=Watchdog(),
    )
