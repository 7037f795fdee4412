"""What the contexts and the workers of one flow share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from penguiflow._clock import WallClock
from penguiflow._runtime.events import Announcer, Farewells, Observed
from penguiflow._runtime.landing import Landing
from penguiflow._runtime.outlets import Outlets
from penguiflow._runtime.round_trips import RoundTrips
from penguiflow._runtime.streams import Streams
from penguiflow._runtime.trace import Trace, Traces
from penguiflow._runtime.watchdog import Watchdog
from penguiflow.errors import FlowError
from penguiflow.metrics import Middleware

if TYPE_CHECKING:
    from penguiflow._runtime.distribution import BusPublisher


@dataclass(frozen=True, slots=True)
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
    landing: Landing
    round_trips: RoundTrips
    outlets: Outlets
    bus: BusPublisher | None

    def no_result(self, trace_id: str | None, failure: FlowError) -> None:
        """Tell those who wait for a result of the trace that a node failed and none will come."""
        if not self.landing.fail(trace_id, failure) and trace_id is not None:
            self.traces.keep_failure(trace_id, failure)

    def forget(self) -> None:
        """Drop what belonged to one run, because the flow stopped."""
        self.watchdog.close()
        self.traces.clear()
        self.streams.clear()
        self.farewells.clear()
        self.round_trips.clear()


def build_services(
    *,
    queue_maxsize: int,
    emit_errors_to_rookery: bool,
    clock: WallClock,
    middlewares: Sequence[Middleware],
    rookery: Observed,
    landing: Landing,
    outlets: Outlets,
) -> Services:
    """Create the shared parts of a flow and connect them."""
    announcer = Announcer(middlewares, outlets.store, queue_maxsize=queue_maxsize, clock=clock)
    farewells = Farewells(announcer, rookery)
    landing.store = outlets.store
    streams = Streams()

    def on_end(trace: Trace) -> None:
        streams.end_trace(trace)
        if trace.cancelled:
            farewells.note(trace.trace_id)
            services.round_trips.end(trace.trace_id)
        elif trace.failure is not None:
            services.no_result(trace.trace_id, trace.failure)

    traces = Traces(on_end)
    services = Services(
        queue_maxsize,
        emit_errors_to_rookery,
        clock,
        announcer,
        farewells,
        traces,
        streams,
        Watchdog(),
        landing,
        RoundTrips(landing, traces),
        outlets,
        outlets.bus,
    )
    return services
