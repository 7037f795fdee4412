"""The tables of a history file, and how a file of an earlier version gets them."""

from __future__ import annotations

import sqlite3
from itertools import groupby
from operator import itemgetter

from penguiflow.state._sqlite_rows import (
    EVENT_COLUMNS,
    event_row,
    run_event,
    store_run_tally,
    store_session_tally,
)
from penguiflow.state.errors import StoreSchemaError
from penguiflow.state.events import EventSchemaError, RunEvent, RunStarted, from_record
from penguiflow.state.stored_text import stored_object
from penguiflow.state.tallies import count, count_in_run

SCHEMA_VERSION = 2
"""1: events with their kind inside `body`. 2: the envelope in columns; runs, artifacts, trajectories."""

_HISTORY = """
CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL,
    run_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    ts REAL NOT NULL,
    elapsed_ms REAL,
    event_version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    trace_id TEXT,
    step INTEGER,
    call_id TEXT,
    edge TEXT,
    payload TEXT NOT NULL,
    request_id TEXT,
    UNIQUE (run_id, seq)
);
CREATE INDEX events_of_session ON events (session_id, position);
CREATE INDEX requests ON events (request_id) WHERE request_id IS NOT NULL;

CREATE TABLE sessions (
    session_id TEXT PRIMARY KEY,
    last_position INTEGER NOT NULL,
    listed INTEGER NOT NULL,
    archived INTEGER NOT NULL,
    tally TEXT NOT NULL
);
CREATE INDEX sessions_by_change ON sessions (listed, last_position);

CREATE TABLE runs (
    run_id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL,
    begun_position INTEGER,
    tally TEXT NOT NULL
);
CREATE INDEX runs_by_begin ON runs (begun_position) WHERE begun_position IS NOT NULL;
CREATE INDEX runs_of_session ON runs (session_id, begun_position);
"""

_BESIDE_HISTORY = """
CREATE TABLE artifacts (
    session_id TEXT NOT NULL,
    artifact_id TEXT NOT NULL,
    ref TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (session_id, artifact_id)
);
CREATE INDEX artifacts_by_id ON artifacts (artifact_id);

CREATE TABLE trajectories (
    position INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL,
    trace_id TEXT NOT NULL,
    trajectory TEXT NOT NULL,
    UNIQUE (session_id, trace_id)
);

CREATE TABLE planner_events (
    position INTEGER PRIMARY KEY,
    trace_id TEXT NOT NULL,
    event TEXT NOT NULL
);
CREATE INDEX planner_events_of_trace ON planner_events (trace_id, position);
"""

_SINCE_VERSION_1 = """
CREATE TABLE planner_states (token TEXT PRIMARY KEY, record TEXT NOT NULL);

CREATE TABLE flow_events (
    position INTEGER PRIMARY KEY,
    trace_id TEXT NOT NULL,
    ts REAL NOT NULL,
    kind TEXT NOT NULL,
    node_name TEXT,
    node_id TEXT,
    payload TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    has_trace INTEGER NOT NULL,
    UNIQUE (trace_id, fingerprint)
);

CREATE TABLE remote_bindings (
    trace_id TEXT NOT NULL,
    context_id TEXT NOT NULL,
    task_id TEXT NOT NULL,
    agent_url TEXT NOT NULL,
    PRIMARY KEY (trace_id, context_id, task_id)
);

CREATE TABLE memory_states (key TEXT PRIMARY KEY, state TEXT NOT NULL);
"""


def create_tables(db: sqlite3.Connection) -> None:
    """Create every table in an empty file."""
    for statements in (_HISTORY, _BESIDE_HISTORY, _SINCE_VERSION_1):
        _execute_each(db, statements)


def migrate(db: sqlite3.Connection, version: int) -> None:
    """Bring the tables of an earlier version up to date, within the transaction that is open.

    Raises:
        StoreSchemaError: an event cannot be read.
    """
    if version == 1:
        _from_version_1(db)


def _from_version_1(db: sqlite3.Connection) -> None:
    for index in ("events_of_session", "requests", "sessions_by_change"):
        db.execute(f"DROP INDEX {index}")
    db.execute("ALTER TABLE events RENAME TO old_events")
    db.execute("DROP TABLE sessions")
    _execute_each(db, _HISTORY)
    _execute_each(db, _BESIDE_HISTORY)
    # Files from before memories were kept lack this one.
    db.execute("CREATE TABLE IF NOT EXISTS memory_states (key TEXT PRIMARY KEY, state TEXT NOT NULL)")
    old = db.execute("SELECT position, session_id, run_id, seq, ts, body FROM old_events ORDER BY position")
    db.executemany(
        "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((row[0], *event_row(_version_1_event(*row[1:]))) for row in old),
    )
    db.execute("DROP TABLE old_events")
    _count_again(db)


def _version_1_event(session_id: str, run_id: str, seq: int, ts: float, body: str) -> RunEvent:
    name = f"event {seq} of run `{run_id}`"
    envelope = {"v": 1, "session_id": session_id, "run_id": run_id, "seq": seq, "ts": ts}
    try:
        return from_record({**envelope, "body": stored_object(body, name=name)})
    except EventSchemaError as exc:
        raise StoreSchemaError(
            f"{name}: {exc}", hint="restore the file from a backup, or move it away to begin a new history"
        ) from exc


def _count_again(db: sqlite3.Connection) -> None:
    """Fold the stored events into the tallies, one session or run in memory at a time."""
    of_sessions = db.execute(f"SELECT position, {EVENT_COLUMNS} FROM events ORDER BY session_id, position")
    for session_id, rows in groupby(of_sessions, key=itemgetter(1)):
        events = {row[0]: run_event(row[1:]) for row in rows}
        store_session_tally(db, session_id, count(None, list(events.values())), max(events))
    of_runs = db.execute(f"SELECT position, {EVENT_COLUMNS} FROM events ORDER BY run_id, seq")
    for run_id, rows in groupby(of_runs, key=itemgetter(2)):
        events = {row[0]: run_event(row[1:]) for row in rows}
        begun = (position for position, event in events.items() if isinstance(event.body, RunStarted))
        store_run_tally(db, run_id, count_in_run(None, list(events.values())), next(begun, None))


def _execute_each(db: sqlite3.Connection, statements: str) -> None:
    for statement in statements.split(";"):  # `executescript` would end the transaction first
        if statement.strip():
            db.execute(statement)
