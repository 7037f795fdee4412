"""Trajectories in a SQLite file, in their JSON form."""

from __future__ import annotations

import sqlite3
from typing import Any

from penguiflow.state._json_forms import trajectory_json
from penguiflow.state._sqlite_part import SqlitePart
from penguiflow.state._sqlite_rows import Row
from penguiflow.state.stored_text import stored_object


class SqliteTrajectories(SqlitePart):
    """`SupportsTrajectories`. What comes back is a dictionary, for `Trajectory.from_serialised`."""

    async def save_trajectory(self, trace_id: str, session_id: str, trajectory: object) -> None:
        text = trajectory_json(trace_id, trajectory)
        await self._thread.write(
            # The row that is replaced goes, so that the trace saved last has the last position.
            lambda db: db.execute(
                "INSERT OR REPLACE INTO trajectories (session_id, trace_id, trajectory) VALUES (?, ?, ?)",
                (session_id, trace_id, text),
            ),
            durable=False,
        )

    async def get_trajectory(self, trace_id: str, session_id: str) -> dict[str, Any] | None:  # JSON
        def look(db: sqlite3.Connection) -> list[Row]:
            return db.execute(
                "SELECT trajectory FROM trajectories WHERE session_id = ? AND trace_id = ?",
                (session_id, trace_id),
            ).fetchall()

        rows = await self._thread.read(look)
        return stored_object(rows[0][0], name=f"the trajectory of trace `{trace_id}`") if rows else None

    async def list_traces(self, session_id: str, limit: int = 50) -> list[str]:
        def newest(db: sqlite3.Connection) -> list[str]:
            rows = db.execute(
                "SELECT trace_id FROM trajectories WHERE session_id = ? ORDER BY position DESC LIMIT ?",
                (session_id, max(limit, 0)),
            )
            return [trace_id for (trace_id,) in rows]

        return await self._thread.read(newest)
