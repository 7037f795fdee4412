"""What planners told, in a SQLite file, in JSON form."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from penguiflow.state._json_forms import planner_event_json
from penguiflow.state._sqlite_part import SqlitePart
from penguiflow.state._sqlite_rows import Row
from penguiflow.state.stored_text import stored_object


class SqlitePlannerEvents(SqlitePart):
    """`SupportsPlannerEvents`, also in batches. What comes back are dictionaries: `PlannerEvent(**event)`."""

    async def save_planner_event(self, trace_id: str, event: object) -> None:
        await self.save_planner_events(trace_id, [event])

    async def save_planner_events(self, trace_id: str, events: Sequence[object]) -> None:
        def insert(db: sqlite3.Connection) -> None:
            db.executemany("INSERT INTO planner_events (trace_id, event) VALUES (?, ?)", rows)

        rows = [(trace_id, planner_event_json(trace_id, event)) for event in events]
        await self._thread.write(insert, durable=False)

    async def list_planner_events(self, trace_id: str) -> list[dict[str, Any]]:  # JSON
        def in_order(db: sqlite3.Connection) -> list[Row]:
            return db.execute(
                "SELECT position, event FROM planner_events WHERE trace_id = ? ORDER BY position", (trace_id,)
            ).fetchall()

        return [
            stored_object(event, name=f"planner event {position} of trace `{trace_id}`")
            for position, event in await self._thread.read(in_order)
        ]
