"""Flow events and remote bindings in a SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from penguiflow.state._sqlite_part import SqlitePart
from penguiflow.state._sqlite_rows import flow_event
from penguiflow.state.flow_events import fingerprint, payload_json
from penguiflow.state.models import WITHOUT_TRACE, RemoteBinding, StoredEvent


class SqliteFlows(SqlitePart):
    """A `StateStore`."""

    async def save_event(self, event: StoredEvent) -> None:
        payload = payload_json(event)
        row = (
            event.trace_id or WITHOUT_TRACE,
            event.ts,
            event.kind,
            event.node_name,
            event.node_id,
            payload,
            fingerprint(event, payload),
            event.trace_id is not None,
        )
        await self._thread.write(
            lambda db: db.execute(
                "INSERT OR IGNORE INTO flow_events (trace_id, ts, kind, node_name, node_id, payload, "
                "fingerprint, has_trace) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            ),
            durable=False,
        )

    async def load_history(self, trace_id: str) -> Sequence[StoredEvent]:
        def chronological(db: sqlite3.Connection) -> list[StoredEvent]:
            rows = db.execute(
                "SELECT position, trace_id, has_trace, ts, kind, node_name, node_id, payload "
                "FROM flow_events WHERE trace_id = ? ORDER BY ts, position",
                (trace_id,),
            )
            return [flow_event(row) for row in rows]

        return await self._thread.read(chronological)

    async def save_remote_binding(self, binding: RemoteBinding) -> None:
        row = (binding.trace_id, binding.context_id or "", binding.task_id, binding.agent_url)
        await self._thread.write(
            lambda db: db.execute("INSERT OR REPLACE INTO remote_bindings VALUES (?, ?, ?, ?)", row),
            durable=False,
        )
