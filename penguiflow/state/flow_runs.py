"""The stored events of a flow's trace as the events of a run, so that whatever shows runs shows traces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from penguiflow.state.bodies import FlowHappened
from penguiflow.state.events import RunEvent
from penguiflow.state.models import StoredEvent

NO_SESSION = ""
"""The session id of these events: a flow's trace belongs to none."""

_FIELDS_OF_THEIR_OWN = frozenset({"ts", "event", "trace_id", "node_name", "node_id", "edge", "latency_ms"})


def flow_run(trace_id: str, stored: Sequence[StoredEvent]) -> list[RunEvent]:
    """Return the events of a trace, as `load_history` gave them, numbered in their order."""
    return [
        RunEvent(session_id=NO_SESSION, run_id=trace_id, seq=seq, ts=event.ts, body=flow_body(event))
        for seq, event in enumerate(stored)
    ]


def flow_body(event: StoredEvent) -> FlowHappened:
    """Return one event; its `detail` is what the payload tells beside the fields of `FlowHappened`."""
    edge = event.payload.get("edge")
    return FlowHappened(
        event=event.kind,
        trace_id=event.trace_id,
        node=event.node_name,
        node_id=event.node_id,
        edge=edge if isinstance(edge, str) else None,
        latency_ms=_latency_ms(event.payload),
        detail={name: value for name, value in event.payload.items() if name not in _FIELDS_OF_THEIR_OWN},
    )


def _latency_ms(payload: Mapping[str, Any]) -> float | None:  # what a listener stored, of any type
    latency = payload.get("latency_ms")
    return float(latency) if isinstance(latency, int | float) and not isinstance(latency, bool) else None
