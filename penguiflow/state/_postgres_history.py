"""The history of sessions in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence

from penguiflow.state._postgres_append import append_contents, append_events, rows_of
from penguiflow.state._postgres_driver import Connection, Row
from penguiflow.state._postgres_part import PostgresPart
from penguiflow.state._postgres_rows import EVENT_COLUMNS, run_events
from penguiflow.state._postgres_text import from_column, maybe_to_column, to_column
from penguiflow.state.contents import Content
from penguiflow.state.events import RunEvent
from penguiflow.state.order import in_history_order
from penguiflow.state.stored_text import run_tally, session_tally
from penguiflow.state.summaries import RunSummary, SessionSummary
from penguiflow.state.tallies import run_summary_of, summary_of

_ALL = 2**62

_ROWS_AT_ONCE = 500
"""Making an event of a row takes some 20 µs, and the event loop must not be held up for long."""

_EVENTS_OF_RUN = f"SELECT {EVENT_COLUMNS} FROM events WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT $3"

_EVENTS_OF_SESSION = f"""
SELECT {EVENT_COLUMNS}, position FROM events WHERE session_id = $1 AND position > $2
ORDER BY position LIMIT $3
"""

_REQUEST = f"SELECT {EVENT_COLUMNS} FROM events WHERE request_id = $1 LIMIT 1"

# An `after` that is not known has an empty page behind it.
_FIRST_PAGE = f"CASE WHEN $1::text IS NULL THEN {_ALL} ELSE -1 END"

_SESSIONS = f"""
SELECT session_id, tally FROM sessions
WHERE listed AND ($3::boolean IS NULL OR archived = $3) AND last_position
    < coalesce((SELECT last_position FROM sessions WHERE session_id = $1), {_FIRST_PAGE})
ORDER BY last_position DESC LIMIT $2
"""

_RUNS = f"""
SELECT run_id, tally FROM runs
WHERE begun_position < coalesce((SELECT begun_position FROM runs WHERE run_id = $1), {_FIRST_PAGE})
ORDER BY begun_position DESC LIMIT $2
"""

_RUNS_OF_SESSION = f"""
SELECT run_id, tally FROM runs
WHERE session_id = $3
    AND begun_position < coalesce((SELECT begun_position FROM runs WHERE run_id = $1), {_FIRST_PAGE})
ORDER BY begun_position DESC LIMIT $2
"""

_SESSION = "SELECT tally FROM sessions WHERE session_id = $1"
_RUN = "SELECT tally FROM runs WHERE run_id = $1 AND begun_position IS NOT NULL"
_CONTENT = "SELECT content FROM artifacts WHERE session_id = $1 AND artifact_id = $2"


_OF_ITS_TRACES = """
trace_id IN (SELECT run_id FROM runs WHERE session_id = $1
    UNION SELECT trace_id FROM trajectories WHERE session_id = $1)
"""

_DELETE_SESSION = (
    "DELETE FROM sessions WHERE session_id = $1",  # first, as it keeps others from appending
    *(
        f"DELETE FROM {table} WHERE {_OF_ITS_TRACES}"
        for table in ("planner_events", "flow_events", "remote_bindings")
    ),
    *(
        f"DELETE FROM {table} WHERE session_id = $1"
        for table in ("events", "runs", "artifacts", "trajectories")
    ),
)


class PostgresHistory(PostgresPart):
    """A `HistoryStore`. What is appended is as durable as the server's `synchronous_commit` makes it."""

    async def append_events(self, events: Sequence[RunEvent], contents: Sequence[Content] = ()) -> None:
        if not events and not contents:
            return
        rows = await rows_of(events)

        async def append(connection: Connection) -> None:
            await append_events(connection, events, rows)
            await append_contents(connection, contents)

        await self._pool.transact(append)

    async def load_run(self, run_id: str) -> Sequence[RunEvent]:
        return await self.read_run(run_id, limit=_ALL)

    async def read_run(self, run_id: str, *, after_seq: int = -1, limit: int = 1_000) -> Sequence[RunEvent]:
        name = to_column(run_id)
        events: list[RunEvent] = []
        while len(events) < limit:
            at_once = min(limit - len(events), _ROWS_AT_ONCE)
            rows = await self._rows(_EVENTS_OF_RUN, name, after_seq, at_once)
            events.extend(run_events(rows))
            if len(rows) < at_once:
                break
            after_seq = events[-1].seq
        return events

    async def load_session(self, session_id: str) -> Sequence[RunEvent]:
        name = to_column(session_id)
        events: list[RunEvent] = []
        rows: Sequence[Row] = await self._rows(_EVENTS_OF_SESSION, name, 0, _ROWS_AT_ONCE)
        events.extend(run_events(rows))
        while len(rows) == _ROWS_AT_ONCE:
            rows = await self._rows(_EVENTS_OF_SESSION, name, rows[-1][-1], _ROWS_AT_ONCE)
            events.extend(run_events(rows))
        return in_history_order(events)

    async def list_sessions(
        self, *, limit: int = 50, after: str | None = None, archived: bool | None = False
    ) -> Sequence[SessionSummary]:
        rows = await self._rows(_SESSIONS, maybe_to_column(after), max(limit, 0), archived)
        return [summary_of(from_column(session_id), session_tally(tally)) for session_id, tally in rows]

    async def list_runs(
        self, *, session_id: str | None = None, limit: int = 50, after: str | None = None
    ) -> Sequence[RunSummary]:
        behind = (maybe_to_column(after), max(limit, 0))
        rows = (
            await self._rows(_RUNS, *behind)
            if session_id is None
            else await self._rows(_RUNS_OF_SESSION, *behind, to_column(session_id))
        )
        return [run_summary_of(from_column(run_id), run_tally(tally)) for run_id, tally in rows]

    async def find_session(self, session_id: str) -> SessionSummary | None:
        tally = await self._value(_SESSION, to_column(session_id))
        return None if tally is None else summary_of(session_id, session_tally(tally))

    async def find_run(self, run_id: str) -> RunSummary | None:
        tally = await self._value(_RUN, to_column(run_id))
        return None if tally is None else run_summary_of(run_id, run_tally(tally))

    async def find_request(self, request_id: str) -> RunEvent | None:
        found = run_events(await self._rows(_REQUEST, to_column(request_id)))
        return found[0] if found else None

    async def load_content(self, session_id: str, content_id: str) -> str | None:
        data: bytes | None = await self._value(_CONTENT, to_column(session_id), to_column(content_id))
        return None if data is None else data.decode("utf-8", "replace")

    async def delete_session(self, session_id: str) -> bool:
        name = to_column(session_id)
        was_there = False

        async def delete(connection: Connection) -> None:
            nonlocal was_there  # also when the connection breaks, and the second time finds nothing
            for statement in _DELETE_SESSION:
                was_there |= await connection.execute(statement, name) != "DELETE 0"

        await self._pool.transact(delete)
        return was_there
