"""Appending events to a history in PostgreSQL within a transaction.

The rows of the sessions and runs are locked first. So positions within a session grow in the order of the
commits, and whoever reads on behind a position misses nothing.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias, TypeVar

from penguiflow._artifacts.content import describe, text_bytes
from penguiflow._artifacts.models import ArtifactScope
from penguiflow.state._postgres_driver import Connection, Row
from penguiflow.state._postgres_rows import INSERT_EVENTS, event_row
from penguiflow.state._postgres_text import to_column
from penguiflow.state._stored_artifacts import ref_text
from penguiflow.state.contents import NAMESPACE, Content
from penguiflow.state.errors import HistoryConflictError
from penguiflow.state.events import RunEvent, RunStarted
from penguiflow.state.stored_text import is_body_of, run_tally, session_tally, tally_text
from penguiflow.state.tallies import count, count_in_run

_ItemT = TypeVar("_ItemT")
_Tallies: TypeAlias = Mapping[str, str]
"""Texts by the id of the session or run, empty for a new one."""

_ROWS_AT_ONCE = 500
_EVENTS_AT_ONCE = 2_000
_CONTENTS_AT_ONCE = 50

# An update that changes nothing locks the row and returns what is in it, whether it was there or not.
_LOCK = """
WITH locked_sessions AS (
    INSERT INTO sessions (session_id, last_position, listed, archived, tally)
    SELECT id, 0, false, false, '' FROM unnest($1::text[]) AS given (id)
    ON CONFLICT (session_id) DO UPDATE SET session_id = excluded.session_id
    RETURNING session_id AS id, tally
), locked_runs AS (
    INSERT INTO runs (run_id, session_id, tally)
    SELECT id, session_id, '' FROM unnest($2::text[], $3::text[]) AS given (id, session_id)
    ON CONFLICT (run_id) DO UPDATE SET run_id = excluded.run_id
    RETURNING run_id AS id, tally
)
SELECT true, id, tally FROM locked_sessions UNION ALL SELECT false, id, tally FROM locked_runs
"""

_COUNT = """
WITH counted_sessions AS (
    UPDATE sessions SET
        last_position = given.last_position, listed = given.listed, archived = given.archived,
        tally = given.tally
    FROM unnest($1::text[], $2::bigint[], $3::boolean[], $4::boolean[], $5::text[])
        AS given (id, last_position, listed, archived, tally)
    WHERE sessions.session_id = given.id
)
UPDATE runs SET begun_position = coalesce(runs.begun_position, given.begun_position), tally = given.tally
FROM unnest($6::text[], $7::bigint[], $8::text[]) AS given (id, begun_position, tally)
WHERE runs.run_id = given.id
"""

_CONFLICTS = """
SELECT given.place, kept.session_id = given.session_id, kept.kind, kept.payload
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[]) WITH ORDINALITY
    AS given (session_id, run_id, seq, kind, payload, place)
LEFT JOIN events AS kept ON kept.run_id = given.run_id AND kept.seq = given.seq
WHERE (kept.session_id, kept.kind, kept.payload)
    IS DISTINCT FROM (given.session_id, given.kind, given.payload)
ORDER BY given.place
"""

_INSERT_CONTENTS = """
INSERT INTO artifacts (session_id, artifact_id, ref, content)
SELECT session_id, artifact_id, ref, content
FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) AS given (session_id, artifact_id, ref, content)
ON CONFLICT (session_id, artifact_id) DO NOTHING
"""


async def append_events(connection: Connection, events: Sequence[RunEvent], rows: Sequence[Row]) -> None:
    """Insert what is not there yet and bring the tallies up to date; `rows` are the events' `event_row`s.

    Raises:
        HistoryConflictError: `(run_id, seq)` holds an event with another content.
    """
    if not events:
        return
    of_sessions, of_runs = await _lock(connection, events)
    new = await _insert(connection, events, rows)
    if new:
        await _count(connection, new, of_sessions, of_runs)


async def rows_of(events: Sequence[RunEvent]) -> list[Row]:
    """Return the `event_row` of each event; a large batch takes a while, in which others get their turn."""
    rows: list[Row] = []
    for some in _in_parts(events, _ROWS_AT_ONCE):
        rows.extend(event_row(event) for event in some)
        await asyncio.sleep(0)
    return rows


async def append_contents(connection: Connection, contents: Sequence[Content]) -> None:
    """Keep the texts as artifacts of their sessions."""
    for some in _in_parts([_content_row(content) for content in contents], _CONTENTS_AT_ONCE):
        await connection.execute(_INSERT_CONTENTS, *_columns(some))


async def _lock(connection: Connection, events: Sequence[RunEvent]) -> tuple[_Tallies, _Tallies]:
    """Lock the rows of the sessions and of the runs, and return their tallies."""
    # Everybody locks in the same order, so that nobody waits for one another.
    session_ids = sorted({to_column(event.session_id) for event in events})
    runs = sorted({to_column(event.run_id): to_column(event.session_id) for event in events}.items())
    rows = await connection.fetch(_LOCK, session_ids, *_columns(runs))
    return (
        {session_id: tally for of_session, session_id, tally in rows if of_session},
        {run_id: tally for of_session, run_id, tally in rows if not of_session},
    )


async def _insert(
    connection: Connection, events: Sequence[RunEvent], rows: Sequence[Row]
) -> list[tuple[int, RunEvent]]:
    """Return the events that were not there, each with its position."""
    positions: dict[tuple[str, int], int] = {}
    for some in _in_parts(rows, _EVENTS_AT_ONCE):
        inserted = await connection.fetch(INSERT_EVENTS, *_columns(some))
        positions.update({(run_id, seq): position for position, run_id, seq in inserted})
    new: list[tuple[int, RunEvent]] = []
    known: list[tuple[RunEvent, Row]] = []
    for event, row in zip(events, rows, strict=True):
        position = positions.pop((row[1], row[2]), None)
        if position is None:
            known.append((event, row))
        else:
            new.append((position, event))
    await _refuse_conflicts(connection, known)
    return new


async def _refuse_conflicts(connection: Connection, known: Sequence[tuple[RunEvent, Row]]) -> None:
    """Compare what is to be in the history with what is there.

    Raises:
        HistoryConflictError: one has another content.
    """
    for some in _in_parts(known, _EVENTS_AT_ONCE):
        identities = [(row[0], row[1], row[2], row[6], row[11]) for _, row in some]
        for differing in await connection.fetch(_CONFLICTS, *_columns(identities)):
            place: int = differing[0]
            same_session, kind, payload = differing[1:]
            event = some[place - 1][0]
            if not same_session or not is_body_of(kind, payload, event.body):
                raise HistoryConflictError(event.run_id, event.seq)


async def _count(
    connection: Connection, new: Sequence[tuple[int, RunEvent]], of_sessions: _Tallies, of_runs: _Tallies
) -> None:
    sessions: defaultdict[str, list[RunEvent]] = defaultdict(list)
    runs: defaultdict[str, list[RunEvent]] = defaultdict(list)
    last_position: dict[str, int] = {}
    begun_position: dict[str, int] = {}
    for position, event in new:
        sessions[event.session_id].append(event)
        runs[event.run_id].append(event)
        last_position[event.session_id] = position
        if isinstance(event.body, RunStarted):
            begun_position.setdefault(event.run_id, position)
    session_rows: list[Row] = []
    for session_id, appended in sessions.items():
        name = to_column(session_id)
        text = of_sessions[name]
        tally = count(session_tally(text) if text else None, appended)
        last = last_position[session_id]
        session_rows.append((name, last, tally.is_listed, tally.archived, tally_text(tally)))
    run_rows: list[Row] = []
    for run_id, appended in runs.items():
        name = to_column(run_id)
        text = of_runs[name]
        tally_of_run = count_in_run(run_tally(text) if text else None, appended)
        run_rows.append((name, begun_position.get(run_id), tally_text(tally_of_run)))
    await connection.execute(_COUNT, *_columns(session_rows), *_columns(run_rows))


def _content_row(content: Content) -> Row:
    data = text_bytes(content.text)
    scope = ArtifactScope(session_id=content.session_id)
    ref = describe(
        data, mime_type="text/plain", filename=None, namespace=NAMESPACE, scope=scope, meta=None
    ).model_copy(update={"id": content.content_id})
    return to_column(content.session_id), to_column(content.content_id), ref_text(ref), data


def _columns(rows: Iterable[Row]) -> Iterable[list[object]]:
    """Return rows as one array a column."""
    return [list(column) for column in zip(*rows, strict=True)]


def _in_parts(items: Sequence[_ItemT], at_once: int) -> Iterator[Sequence[_ItemT]]:
    for start in range(0, len(items), at_once):
        yield items[start : start + at_once]
