"""Trajectories and planner events in PostgreSQL, in their JSON forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from penguiflow.state._json_forms import planner_event_json, trajectory_json
from penguiflow.state._postgres_part import PostgresPart
from penguiflow.state._postgres_text import from_column, to_column
from penguiflow.state.stored_text import stored_object

_PUT_TRAJECTORY = """
INSERT INTO trajectories (session_id, trace_id, record) VALUES ($1, $2, $3)
ON CONFLICT (session_id, trace_id) DO UPDATE
SET record = excluded.record, position = excluded.position
"""

_GET_TRAJECTORY = "SELECT record FROM trajectories WHERE session_id = $1 AND trace_id = $2"

_NEWEST_TRACES = "SELECT trace_id FROM trajectories WHERE session_id = $1 ORDER BY position DESC LIMIT $2"

# The save id makes an event that is sent again after a broken connection known; equal events are two events.
_ADD_EVENTS = """
INSERT INTO planner_events (trace_id, save_id, record)
SELECT $1, save_id, record
FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS given (save_id, record, place) ORDER BY place
ON CONFLICT (save_id) DO NOTHING
"""

_EVENTS_OF_TRACE = "SELECT position, record FROM planner_events WHERE trace_id = $1 ORDER BY position"


class PostgresTrajectories(PostgresPart):
    """`SupportsTrajectories`, and `SupportsPlannerEvents`, also in batches. Dictionaries come back."""

    async def save_trajectory(self, trace_id: str, session_id: str, trajectory: object) -> None:
        record = trajectory_json(trace_id, trajectory)
        await self._execute(_PUT_TRAJECTORY, to_column(session_id), to_column(trace_id), record)

    async def get_trajectory(self, trace_id: str, session_id: str) -> dict[str, Any] | None:  # JSON
        record = await self._value(_GET_TRAJECTORY, to_column(session_id), to_column(trace_id))
        return None if record is None else stored_object(record, name=f"the trajectory of trace `{trace_id}`")

    async def list_traces(self, session_id: str, limit: int = 50) -> list[str]:
        rows = await self._rows(_NEWEST_TRACES, to_column(session_id), max(limit, 0))
        return [from_column(trace_id) for (trace_id,) in rows]

    async def save_planner_event(self, trace_id: str, event: object) -> None:
        await self.save_planner_events(trace_id, [event])

    async def save_planner_events(self, trace_id: str, events: Sequence[object]) -> None:
        records = [planner_event_json(trace_id, event) for event in events]
        save_ids = [self._new_id() for _ in records]
        await self._execute(_ADD_EVENTS, to_column(trace_id), save_ids, records)

    async def list_planner_events(self, trace_id: str) -> list[dict[str, Any]]:  # JSON
        return [
            stored_object(record, name=f"planner event {position} of trace `{trace_id}`")
            for position, record in await self._rows(_EVENTS_OF_TRACE, to_column(trace_id))
        ]
