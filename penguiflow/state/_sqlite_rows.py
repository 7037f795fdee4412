"""Values as rows of a history file, and back."""

from __future__ import annotations

import sqlite3
from typing import Any, TypeAlias

from penguiflow.state.events import SCHEMA_VERSION, FlowHappened, PersonAsked, RunEvent
from penguiflow.state.models import StoredEvent
from penguiflow.state.stored_text import payload_text, stored_event, stored_object, tally_text
from penguiflow.state.tallies import RunTally, SessionTally

Row: TypeAlias = tuple[Any, ...]
"""Columns in the order of the query that read them."""

EVENT_COLUMNS = "session_id, run_id, seq, ts, elapsed_ms, event_version, kind, payload"
"""What `run_event` reads."""

# Not `INSERT OR IGNORE`, which would leave out an event that breaks any other constraint as well.
INSERT_EVENT = (
    "INSERT INTO events (session_id, run_id, seq, ts, elapsed_ms, event_version, kind, trace_id, "
    "step, call_id, edge, payload, request_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (run_id, seq) DO NOTHING"
)
"""Keeps an `event_row`, and what stands in its place already."""


def event_row(event: RunEvent) -> Row:
    """Return the columns of `events` behind `position`, in their order."""
    body = event.body
    return (
        event.session_id,
        event.run_id,
        event.seq,
        event.ts,
        event.elapsed_ms,
        SCHEMA_VERSION,
        body.kind,
        _readable(body.trace_id) if isinstance(body, FlowHappened) else None,  # else that of the run
        getattr(body, "step", None),
        _readable(event.call_id),
        _readable(event.edge),
        payload_text(body),
        body.request_id if isinstance(body, PersonAsked) else None,
    )


def _readable(name: str | None) -> str | None:
    """Return a name that is for looking at only, without lone surrogates: the payload has it as it is."""
    if name is None or name.isascii():
        return name
    return name.encode("utf-8", "replace").decode()


def run_event(row: Row) -> RunEvent:
    """Read `EVENT_COLUMNS`.

    Raises:
        StoreSchemaError: another version of this program wrote the event, or it is damaged.
    """
    session_id, run_id, seq, ts, elapsed_ms, version, kind, payload = row
    return stored_event(
        session_id=session_id,
        run_id=run_id,
        seq=seq,
        ts=ts,
        elapsed_ms=elapsed_ms,
        version=version,
        kind=kind,
        payload=payload,
    )


def flow_event(row: Row) -> StoredEvent:
    """Read `position, trace_id, has_trace, ts, kind, node_name, node_id, payload`.

    Raises:
        StoreSchemaError: the payload is damaged.
    """
    position, trace_id, has_trace, ts, kind, node_name, node_id, payload = row
    return StoredEvent(
        trace_id=trace_id if has_trace else None,
        ts=ts,
        kind=kind,
        node_name=node_name,
        node_id=node_id,
        payload=stored_object(payload, name=f"the payload of flow event {position}"),
    )


def store_session_tally(
    db: sqlite3.Connection, session_id: str, tally: SessionTally, last_position: int
) -> None:
    db.execute(
        "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?)",
        (session_id, last_position, tally.is_listed, tally.archived, tally_text(tally)),
    )


def store_run_tally(db: sqlite3.Connection, run_id: str, tally: RunTally, begun_position: int | None) -> None:
    """Keep the tally; the position of its `RunStarted` is known when that was appended just now."""
    db.execute(
        "INSERT INTO runs VALUES (?, ?, ?, ?) ON CONFLICT (run_id) DO UPDATE SET "
        "tally = excluded.tally, begun_position = coalesce(begun_position, excluded.begun_position)",
        (run_id, tally.session_id, begun_position, tally_text(tally)),
    )
