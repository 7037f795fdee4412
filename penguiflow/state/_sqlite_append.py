"""Appending events to a history file within a transaction."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Sequence

from penguiflow._artifacts.content import describe, text_bytes
from penguiflow._artifacts.models import ArtifactScope
from penguiflow.state._sqlite_rows import INSERT_EVENT, Row, store_run_tally, store_session_tally
from penguiflow.state._stored_artifacts import ref_text
from penguiflow.state.contents import NAMESPACE, Content
from penguiflow.state.errors import HistoryConflictError
from penguiflow.state.events import RunEvent, RunStarted
from penguiflow.state.stored_text import is_body_of, run_tally, session_tally
from penguiflow.state.tallies import count, count_in_run


def append_events(db: sqlite3.Connection, events: Sequence[RunEvent], rows: Sequence[Row]) -> None:
    """Insert what is not there yet and bring the tallies up to date; `rows` are the events' `event_row`s.

    Raises:
        HistoryConflictError: `(run_id, seq)` holds an event with another content.
    """
    new, last_position = _insert(db, events, rows)
    of_sessions: defaultdict[str, list[RunEvent]] = defaultdict(list)
    of_runs: defaultdict[str, list[RunEvent]] = defaultdict(list)
    last_of_session: dict[str, int] = {}
    begin_of_run: dict[str, int] = {}
    for position, event in zip(range(last_position - len(new) + 1, last_position + 1), new, strict=True):
        of_sessions[event.session_id].append(event)
        of_runs[event.run_id].append(event)
        last_of_session[event.session_id] = position
        if isinstance(event.body, RunStarted):
            begin_of_run.setdefault(event.run_id, position)
    for session_id, appended in of_sessions.items():
        stored = db.execute("SELECT tally FROM sessions WHERE session_id = ?", (session_id,)).fetchone()
        tally = count(session_tally(stored[0]) if stored else None, appended)
        store_session_tally(db, session_id, tally, last_of_session[session_id])
    for run_id, appended in of_runs.items():
        stored = db.execute("SELECT tally FROM runs WHERE run_id = ?", (run_id,)).fetchone()
        tally_of_run = count_in_run(run_tally(stored[0]) if stored else None, appended)
        store_run_tally(db, run_id, tally_of_run, begin_of_run.get(run_id))


def append_contents(db: sqlite3.Connection, contents: Sequence[Content]) -> None:
    """Keep the texts as artifacts of their sessions."""
    for content in contents:
        data = text_bytes(content.text)
        scope = ArtifactScope(session_id=content.session_id)
        ref = describe(
            data, mime_type="text/plain", filename=None, namespace=NAMESPACE, scope=scope, meta=None
        ).model_copy(update={"id": content.content_id})
        db.execute(
            "INSERT INTO artifacts VALUES (?, ?, ?, ?) ON CONFLICT (session_id, artifact_id) DO NOTHING",
            (content.session_id, content.content_id, ref_text(ref), data),
        )


def _insert(
    db: sqlite3.Connection, events: Sequence[RunEvent], rows: Sequence[Row]
) -> tuple[Sequence[RunEvent], int]:
    """Return the events that were not there, in a row of positions, and the last of these."""
    before = db.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()[0]
    db.executemany(INSERT_EVENT, rows)
    after = db.execute("SELECT coalesce(max(position), 0) FROM events").fetchone()[0]
    if after - before == len(events):
        return events, after
    return _new_ones(db, events, rows, before), after


def _new_ones(
    db: sqlite3.Connection, events: Sequence[RunEvent], rows: Sequence[Row], before: int
) -> Sequence[RunEvent]:
    """Tell the events that were inserted behind `before` from those that were there already.

    Raises:
        HistoryConflictError: one that was there has another content.
    """
    new: dict[int, RunEvent] = {}
    for event, row in zip(events, rows, strict=True):
        position, session_id, kind, payload = db.execute(
            "SELECT position, session_id, kind, payload FROM events WHERE run_id = ? AND seq = ?",
            (event.run_id, event.seq),
        ).fetchone()
        if session_id != row[0] or not is_body_of(kind, payload, event.body):
            raise HistoryConflictError(event.run_id, event.seq)
        if position > before:
            new.setdefault(position, event)
    return [new[position] for position in sorted(new)]
