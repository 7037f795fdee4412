"""The events of flows and the bindings to remote agents in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from penguiflow.state._postgres_driver import Row
from penguiflow.state._postgres_part import PostgresPart
from penguiflow.state._postgres_text import (
    from_column,
    maybe_from_column,
    maybe_to_column,
    to_column,
)
from penguiflow.state.flow_events import fingerprint, payload_json
from penguiflow.state.models import WITHOUT_TRACE, RemoteBinding, StoredEvent
from penguiflow.state.stored_text import stored_object

_INSERT_EVENT = """
INSERT INTO flow_events (trace_id, ts, kind, node_name, node_id, payload, fingerprint, has_trace)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (trace_id, fingerprint) DO NOTHING
"""

_EVENTS_OF_TRACE = """
SELECT position, trace_id, has_trace, ts, kind, node_name, node_id, payload FROM flow_events
WHERE trace_id = $1 ORDER BY ts, position
"""

_PUT_BINDING = """
INSERT INTO remote_bindings (trace_id, context_id, task_id, agent_url) VALUES ($1, $2, $3, $4)
ON CONFLICT (trace_id, context_id, task_id) DO UPDATE SET agent_url = excluded.agent_url
"""


class PostgresFlows(PostgresPart):
    """A `StateStore`. A payload value without JSON form comes back as its `str`."""

    async def save_event(self, event: StoredEvent) -> None:
        payload = payload_json(event)
        await self._execute(
            _INSERT_EVENT,
            to_column(event.trace_id or WITHOUT_TRACE),
            event.ts,
            to_column(event.kind),
            maybe_to_column(event.node_name),
            maybe_to_column(event.node_id),
            payload,
            fingerprint(event, payload),
            event.trace_id is not None,
        )

    async def load_history(self, trace_id: str) -> Sequence[StoredEvent]:
        return [_flow_event(row) for row in await self._rows(_EVENTS_OF_TRACE, to_column(trace_id))]

    async def save_remote_binding(self, binding: RemoteBinding) -> None:
        values = (binding.trace_id, binding.context_id or "", binding.task_id, binding.agent_url)
        await self._execute(_PUT_BINDING, *(to_column(value) for value in values))


def _flow_event(row: Row) -> StoredEvent:
    position, trace_id, has_trace, ts, kind, node_name, node_id, payload = row
    return StoredEvent(
        trace_id=from_column(trace_id) if has_trace else None,
        ts=ts,
        kind=from_column(kind),
        node_name=maybe_from_column(node_name),
        node_id=maybe_from_column(node_id),
        payload=stored_object(payload, name=f"the payload of flow event {position}"),
    )
