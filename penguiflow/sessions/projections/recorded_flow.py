"""The trace of a flow as a recorded run: each attempt of a node is a call without arguments."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from penguiflow.sessions.projections.recorded_run import RecordedCall, RecordedRun, RunEnd, recorded_run
from penguiflow.state.events import FlowHappened, RunEvent

_ENDS: Mapping[str, str | None] = MappingProxyType(
    {
        "node_success": None,
        "node_error": "the node failed",
        "node_timeout": "the node took too long",
        "node_trace_cancelled": "the trace was cancelled",
        "deadline_skip": "the deadline had passed",
    }
)
"""Events that end an attempt, and its error where the event tells none."""


def recorded(events: Sequence[RunEvent]) -> RecordedRun:
    """Fold the events of one run, or of the trace of a flow, which begins with no question."""
    return recorded_flow(events) if is_flow(events) else recorded_run(events)


def is_flow(events: Sequence[RunEvent]) -> bool:
    """Tell whether these are the events of a flow's trace and not of an agent's run."""
    return bool(events) and all(isinstance(event.body, FlowHappened) for event in events)


def recorded_flow(events: Sequence[RunEvent]) -> RecordedRun:
    """Fold the events of a trace, at least one.

    No event tells that a trace has ended well: one in which no node works is taken to have finished.
    """
    told = [event.body for event in events if isinstance(event.body, FlowHappened)]
    calls = _node_calls(told)
    end: RunEnd = "finished" if all(call.ended for call in calls) else "running"
    if any(body.event == "trace_cancel_finish" for body in told):
        end = "interrupted"
    worked_ms = round(max(0.0, events[-1].ts - events[0].ts) * 1000, 3)
    return replace(recorded_run(events), end=end, calls=calls, worked_ms=worked_ms)


def _node_calls(told: Sequence[FlowHappened]) -> tuple[RecordedCall, ...]:
    calls: list[RecordedCall] = []
    working: defaultdict[str, deque[int]] = defaultdict(deque)  # places in `calls`
    for body in told:
        node = body.node or body.node_id or "?"
        if body.event != "node_start" and body.event not in _ENDS:
            continue
        if body.event == "node_start" or not working[node]:  # a node that is skipped never begins
            working[node].append(len(calls))
            calls.append(RecordedCall(step=len(calls) + 1, call_id=f"{node}/{len(calls)}", tool=node))
        if body.event in _ENDS:
            place = working[node].popleft()
            calls[place] = _ended(calls[place], body)
    return tuple(calls)


def _ended(call: RecordedCall, body: FlowHappened) -> RecordedCall:
    without_reason = _ENDS[body.event]
    error = None if without_reason is None else _told(body.detail) or without_reason
    return replace(call, error=error, latency_ms=body.latency_ms, ended=True)


def _told(detail: Mapping[str, Any]) -> str | None:  # JSON of any kind
    exception = detail.get("exception")
    return exception if isinstance(exception, str) else None
