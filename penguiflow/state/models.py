"""Values a store keeps for the runtime: flow events and the places where remote agents work on a trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from penguiflow.metrics import FlowEvent

WITHOUT_TRACE = "__global__"
"""Events that belong to no trace are kept and loaded under this name."""


@dataclass(slots=True)
class StoredEvent:
    """One flow event as a store keeps it. `ts` is Unix time in seconds."""

    trace_id: str | None
    ts: float
    kind: str
    node_name: str | None
    node_id: str | None
    payload: Mapping[str, Any]

    @classmethod
    def from_flow_event(cls, event: FlowEvent) -> Self:
        """Keep what the event tells: its type as `kind`, its flat payload as `payload`."""
        return cls(
            trace_id=event.trace_id,
            ts=event.ts,
            kind=event.event_type,
            node_name=event.node_name,
            node_id=event.node_id,
            payload=event.to_payload(),
        )


@dataclass(slots=True)
class RemoteBinding:
    """A remote agent's task that works for a trace."""

    trace_id: str
    context_id: str | None
    task_id: str
    agent_url: str
