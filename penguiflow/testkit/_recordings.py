"""What happened to the 64 most recent traces of this process, kept for assertions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from weakref import WeakSet

from penguiflow.core import PenguiFlow
from penguiflow.metrics import FlowEvent

_MAX_TRACES = 64


class Recordings:
    """A middleware that keeps the events of the most recent traces."""

    def __init__(self) -> None:
        self._by_trace: dict[str, list[FlowEvent]] = {}
        self._flows: WeakSet[PenguiFlow] = WeakSet()

    async def __call__(self, event: FlowEvent) -> None:
        if event.trace_id is None:
            return
        if event.trace_id not in self._by_trace:
            self.begin(event.trace_id)
        self._by_trace[event.trace_id].append(event)

    def listen_to(self, flow: PenguiFlow) -> None:
        """Hear what happens in this flow, once however often it is asked for."""
        if flow not in self._flows:
            flow.add_middleware(self)
            self._flows.add(flow)

    def begin(self, trace_id: str) -> None:
        """Start this trace anew, and forget the oldest ones beyond the limit."""
        self._by_trace.pop(trace_id, None)
        self._by_trace[trace_id] = []
        while len(self._by_trace) > _MAX_TRACES:
            del self._by_trace[next(iter(self._by_trace))]

    def of(self, trace_id: str) -> tuple[FlowEvent, ...]:
        """Return the events of a trace in their order."""
        return tuple(self._by_trace.get(trace_id, ()))


recordings = Recordings()
"""One per process: an assertion knows the trace, not the flow it ran in."""


def get_recorded_events(trace_id: str) -> tuple[FlowEvent, ...]:
    """Return what happened to a trace, in order; nothing for a trace that is not known."""
    return recordings.of(trace_id)


def assert_node_sequence(trace_id: str, expected: Sequence[str]) -> None:
    """Assert which nodes began to work on the trace, in order; repeats in a row count as one.

    Count the events of `get_recorded_events` where the repeats matter.
    """
    events = get_recorded_events(trace_id)
    if not events:
        raise AssertionError(f"No recorded events for trace `{trace_id}`; run it with `run_one` first")
    started = [event.node_name for event in events if event.event_type == "node_start"]
    actual = [name for name, _ in groupby(started)]
    if actual != list(expected):
        raise AssertionError(
            f"trace `{trace_id}` took another way\nexpected: {list(expected)}\n  actual: {actual}"
        )
