"""Flow events as a runtime would describe them."""

from __future__ import annotations

from typing import Any

from penguiflow import FlowEvent


def event(event_type: str = "node_success", **changes: Any) -> FlowEvent:
    """An event of node `n` in trace `t`; `changes` are fields of the event."""
    facts: dict[str, Any] = {
        "ts": 1.0,
        "node_name": "n",
        "node_id": "id",
        "trace_id": "t",
        "attempt": 0,
        "latency_ms": 12.5,
        "queue_depth_in": 0,
        "queue_depth_out": 0,
        "outgoing_edges": 1,
        "queue_maxsize": 64,
        "trace_pending": 1,
        "trace_inflight": 1,
        "trace_cancelled": False,
    }
    return FlowEvent(event_type=event_type, **{**facts, **changes})
