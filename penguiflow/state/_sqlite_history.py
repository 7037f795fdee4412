"""The history of sessions in a SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from penguiflow.state._sqlite_append import append_contents, append_events
from penguiflow.state._sqlite_part import SqlitePart
from penguiflow.state._sqlite_rows import EVENT_COLUMNS, Row, event_row, run_event
from penguiflow.state.contents import Content
from penguiflow.state.events import PersonAnswered, PersonAsked, RunEvent
from penguiflow.state.order import in_history_order
from penguiflow.state.stored_text import run_tally, session_tally
from penguiflow.state.summaries import RunSummary, SessionSummary
from penguiflow.state.tallies import run_summary_of, summary_of

_ALL = 2**62


class SqliteHistory(SqlitePart):
    """A `HistoryStore`."""

    async def append_events(self, events: Sequence[RunEvent], contents: Sequence[Content] = ()) -> None:
        if not events and not contents:
            return
        durable = any(isinstance(event.body, PersonAsked | PersonAnswered) for event in events)

        def append(db: sqlite3.Connection) -> None:
            append_contents(db, contents)
            append_events(db, events, [event_row(event) for event in events])

        await self._thread.write(append, durable=durable)

    async def load_run(self, run_id: str) -> Sequence[RunEvent]:
        return await self.read_run(run_id, limit=_ALL)

    async def read_run(self, run_id: str, *, after_seq: int = -1, limit: int = 1_000) -> Sequence[RunEvent]:
        return await self._select(
            "run_id = ? AND seq > ? ORDER BY seq LIMIT ?", run_id, after_seq, max(limit, 0)
        )

    async def load_session(self, session_id: str) -> Sequence[RunEvent]:
        return in_history_order(await self._select("session_id = ? ORDER BY position", session_id))

    async def list_sessions(
        self, *, limit: int = 50, after: str | None = None, archived: bool | None = False
    ) -> Sequence[SessionSummary]:
        rows = await self._rows(
            "SELECT session_id, tally FROM sessions WHERE listed = 1 AND archived IN (?, ?) "
            "AND last_position < coalesce((SELECT last_position FROM sessions WHERE session_id = ?), ?) "
            "ORDER BY last_position DESC LIMIT ?",
            *((0, 1) if archived is None else (archived, archived)),
            after,
            _ALL if after is None else -1,
            max(limit, 0),
        )
        return [summary_of(session_id, session_tally(tally)) for session_id, tally in rows]

    async def list_runs(
        self, *, session_id: str | None = None, limit: int = 50, after: str | None = None
    ) -> Sequence[RunSummary]:
        of_session = "TRUE" if session_id is None else "session_id = ?"
        rows = await self._rows(
            f"SELECT run_id, tally FROM runs WHERE {of_session} AND begun_position < "
            "coalesce((SELECT begun_position FROM runs WHERE run_id = ?), ?) "
            "ORDER BY begun_position DESC LIMIT ?",
            *(() if session_id is None else (session_id,)),
            after,
            _ALL if after is None else -1,
            max(limit, 0),
        )
        return [run_summary_of(run_id, run_tally(tally)) for run_id, tally in rows]

    async def find_session(self, session_id: str) -> SessionSummary | None:
        rows = await self._rows("SELECT tally FROM sessions WHERE session_id = ?", session_id)
        return summary_of(session_id, session_tally(rows[0][0])) if rows else None

    async def find_run(self, run_id: str) -> RunSummary | None:
        rows = await self._rows(
            "SELECT tally FROM runs WHERE run_id = ? AND begun_position IS NOT NULL", run_id
        )
        return run_summary_of(run_id, run_tally(rows[0][0])) if rows else None

    async def find_request(self, request_id: str) -> RunEvent | None:
        found = await self._select("request_id = ? LIMIT 1", request_id)
        return found[0] if found else None

    async def load_content(self, session_id: str, content_id: str) -> str | None:
        rows = await self._rows(
            "SELECT data FROM artifacts WHERE session_id = ? AND artifact_id = ?", session_id, content_id
        )
        return rows[0][0].decode("utf-8", "replace") if rows else None

    async def delete_session(self, session_id: str) -> bool:
        def delete(db: sqlite3.Connection) -> bool:
            for table in ("planner_events", "flow_events", "remote_bindings"):
                db.execute(
                    f"DELETE FROM {table} WHERE trace_id IN (SELECT run_id FROM runs WHERE session_id = :id "
                    "UNION SELECT trace_id FROM trajectories WHERE session_id = :id)",
                    {"id": session_id},
                )
            counts = [
                db.execute(f"DELETE FROM {table} WHERE session_id = ?", (session_id,)).rowcount
                for table in ("events", "runs", "artifacts", "trajectories", "sessions")
            ]
            return sum(counts) > 0

        return await self._thread.write(delete, durable=False)

    async def _select(self, condition: str, *values: object) -> list[RunEvent]:
        # Read on the thread too: a long history must not hold up the event loop.
        return await self._thread.read(
            lambda db: [
                run_event(row)
                for row in db.execute(f"SELECT {EVENT_COLUMNS} FROM events WHERE {condition}", values)
            ]
        )

    async def _rows(self, query: str, *values: object) -> list[Row]:
        return await self._thread.read(lambda db: db.execute(query, values).fetchall())
