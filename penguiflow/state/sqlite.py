"""The history in one SQLite file: the embedded default, safe for several processes on one machine."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from penguiflow.state._sqlite_events import Row, append, flow_event, run_event, tally_from_json
from penguiflow.state._sqlite_thread import SqliteThread
from penguiflow.state.events import PersonAnswered, PersonAsked, RunEvent
from penguiflow.state.flow_events import fingerprint, memory_state_json, payload_json, planner_record_json
from penguiflow.state.models import WITHOUT_TRACE, RemoteBinding, StoredEvent
from penguiflow.state.order import in_history_order
from penguiflow.state.protocol import SessionSummary
from penguiflow.state.summary import summary_of

_EVENT_COLUMNS = "session_id, run_id, seq, ts, event_version, body"


class SqliteStateStore:
    """Flows, histories, pauses and memories in one file. Open it with `open`, close it with `aclose`.

    Flow events are stored as JSON; a payload value without JSON form comes back as its `str`.
    """

    def __init__(self, path: Path, thread: SqliteThread) -> None:
        self._path = path
        self._thread = thread

    @classmethod
    async def open(cls, path: str | Path, *, busy_timeout_s: float = 10.0) -> Self:
        """Open a history file, creating it and its folder if need be.

        A folder called `.penguiflow` also gets a `.gitignore` that keeps it out of version control. While
        another process writes, an operation waits up to `busy_timeout_s`.

        Raises:
            StoreError: the file is unreadable, damaged, of a newer version or of another program.
        """
        path = Path(path)
        return cls(path, await SqliteThread.open(path, busy_timeout_s=busy_timeout_s))

    @property
    def path(self) -> Path:
        return self._path

    async def append_events(self, events: Sequence[RunEvent]) -> None:
        if not events:
            return
        durable = any(isinstance(event.body, PersonAsked | PersonAnswered) for event in events)
        await self._thread.write(lambda db: append(db, events), durable=durable)

    async def load_run(self, run_id: str) -> Sequence[RunEvent]:
        return await self._thread.read(lambda db: _select(db, "run_id = ? ORDER BY seq", run_id))

    async def load_session(self, session_id: str) -> Sequence[RunEvent]:
        return await self._thread.read(
            lambda db: in_history_order(_select(db, "session_id = ? ORDER BY position", session_id))
        )

    async def list_sessions(self, *, limit: int = 50) -> Sequence[SessionSummary]:
        def newest(db: sqlite3.Connection) -> list[SessionSummary]:
            rows = db.execute(
                "SELECT session_id, tally FROM sessions WHERE runs > 0 ORDER BY last_position DESC LIMIT ?",
                (limit,),
            )
            return [summary_of(session_id, tally_from_json(tally)) for session_id, tally in rows]

        return await self._thread.read(newest)

    async def find_request(self, request_id: str) -> RunEvent | None:
        found = await self._thread.read(lambda db: _select(db, "request_id = ? LIMIT 1", request_id))
        return found[0] if found else None

    async def save_planner_state(self, token: str, payload: dict[str, Any]) -> None:
        record = planner_record_json(token, payload)
        await self._thread.write(
            lambda db: db.execute("INSERT OR REPLACE INTO planner_states VALUES (?, ?)", (token, record)),
            durable=True,
        )

    async def load_planner_state(self, token: str) -> dict[str, Any] | None:
        def take(db: sqlite3.Connection) -> str | None:
            rows = db.execute(
                "DELETE FROM planner_states WHERE token = ? RETURNING record", (token,)
            ).fetchall()
            return rows[0][0] if rows else None

        record = await self._thread.write(take, durable=True)
        return None if record is None else json.loads(record)

    async def peek_planner_state(self, token: str) -> dict[str, Any] | None:
        def look(db: sqlite3.Connection) -> list[Row]:
            return db.execute("SELECT record FROM planner_states WHERE token = ?", (token,)).fetchall()

        rows = await self._thread.read(look)
        return json.loads(rows[0][0]) if rows else None

    async def save_memory_state(self, key: str, state: dict[str, Any]) -> None:
        text = memory_state_json(key, state)
        await self._thread.write(
            lambda db: db.execute("INSERT OR REPLACE INTO memory_states VALUES (?, ?)", (key, text)),
            durable=False,
        )

    async def load_memory_state(self, key: str) -> dict[str, Any] | None:
        def look(db: sqlite3.Connection) -> list[Row]:
            return db.execute("SELECT state FROM memory_states WHERE key = ?", (key,)).fetchall()

        rows = await self._thread.read(look)
        return json.loads(rows[0][0]) if rows else None

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
                "SELECT trace_id, has_trace, ts, kind, node_name, node_id, payload FROM flow_events "
                "WHERE trace_id = ? ORDER BY ts, position",
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

    async def aclose(self) -> None:
        await self._thread.aclose()


def _select(db: sqlite3.Connection, condition: str, value: str) -> list[RunEvent]:
    rows = db.execute(f"SELECT {_EVENT_COLUMNS} FROM events WHERE {condition}", (value,))
    return [run_event(row) for row in rows]
