"""Rows of a history file, and appending events to it within a transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeAlias

from pydantic import TypeAdapter

from penguiflow.state.errors import HistoryConflictError, StoreSchemaError
from penguiflow.state.events import PersonAsked, RunEvent, from_record, to_record
from penguiflow.state.models import StoredEvent
from penguiflow.state.summary import SessionTally, count

Row: TypeAlias = tuple[Any, ...]
"""Columns in the order of the query that read them."""


def append(db: sqlite3.Connection, events: Sequence[RunEvent]) -> None:
    """Insert what is not there yet and bring the sessions' tallies up to date.

    Raises:
        HistoryConflictError: `(run_id, seq)` holds an event with another content.
    """
    tallies: dict[str, SessionTally] = {}
    last_positions: dict[str, int] = {}
    for event in events:
        position = _insert(db, event)
        if position is None:
            continue
        session_id = event.session_id
        before = tallies[session_id] if session_id in tallies else _stored_tally(db, session_id)
        tallies[session_id] = count(before, event)
        last_positions[session_id] = position
    for session_id, tally in tallies.items():
        db.execute(
            "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?)",
            (session_id, last_positions[session_id], tally.runs, _tally_json(tally)),
        )


def run_event(row: Row) -> RunEvent:
    """Read `session_id, run_id, seq, ts, event_version, body`.

    Raises:
        StoreSchemaError: another version of this program wrote the event, or it is damaged.
    """
    session_id, run_id, seq, ts, version, body = row
    record = {"v": version, "session_id": session_id, "run_id": run_id, "seq": seq, "ts": ts}
    try:
        return from_record(record | {"body": json.loads(body)})
    except ValueError as exc:  # of the JSON or of the event
        raise StoreSchemaError(
            f"event {seq} of run `{run_id}`: {exc}", hint="move the history away to begin a new one"
        ) from exc


def flow_event(row: Row) -> StoredEvent:
    """Read `trace_id, has_trace, ts, kind, node_name, node_id, payload`."""
    trace_id, has_trace, ts, kind, node_name, node_id, payload = row
    return StoredEvent(
        trace_id=trace_id if has_trace else None,
        ts=ts,
        kind=kind,
        node_name=node_name,
        node_id=node_id,
        payload=json.loads(payload),
    )


def tally_from_json(text: str) -> SessionTally:
    """Read a session's stored tally.

    Raises:
        StoreSchemaError: another version of this program wrote it, or it is damaged.
    """
    try:
        return _tally_adapter().validate_json(text)
    except ValueError as exc:
        raise StoreSchemaError(f"the list of sessions cannot be read: {exc}") from exc


def _insert(db: sqlite3.Connection, event: RunEvent) -> int | None:
    """Return the position of the new row, `None` when the event was there already."""
    record = to_record(event)
    # ASCII, because a lone surrogate in a model's text cannot be bound as text otherwise.
    body = json.dumps(record["body"], sort_keys=True, separators=(",", ":"))
    request_id = event.body.request_id if isinstance(event.body, PersonAsked) else None
    inserted = db.execute(
        "INSERT OR IGNORE INTO events (session_id, run_id, seq, ts, event_version, body, request_id) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (event.session_id, event.run_id, event.seq, event.ts, record["v"], body, request_id),
    )
    if inserted.rowcount:
        return inserted.lastrowid
    stored = db.execute(
        "SELECT session_id, body FROM events WHERE run_id = ? AND seq = ?", (event.run_id, event.seq)
    ).fetchone()
    if stored != (event.session_id, body):
        raise HistoryConflictError(event.run_id, event.seq)
    return None


def _stored_tally(db: sqlite3.Connection, session_id: str) -> SessionTally | None:
    row = db.execute("SELECT tally FROM sessions WHERE session_id = ?", (session_id,)).fetchone()
    return tally_from_json(row[0]) if row else None


def _tally_json(tally: SessionTally) -> str:
    return json.dumps(_tally_adapter().dump_python(tally))


@cache
def _tally_adapter() -> TypeAdapter[SessionTally]:
    return TypeAdapter(SessionTally)
