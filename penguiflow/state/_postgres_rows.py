"""Values as rows of a history in PostgreSQL, and back."""

from __future__ import annotations

from collections.abc import Sequence

from penguiflow.state._postgres_driver import Row
from penguiflow.state._postgres_text import from_column, maybe_to_column, to_column
from penguiflow.state.events import SCHEMA_VERSION, FlowHappened, PersonAsked, RunEvent
from penguiflow.state.stored_text import payload_text, stored_event

EVENT_COLUMNS = "session_id, run_id, seq, ts, elapsed_ms, event_version, kind, payload"
"""What `run_event` reads."""

INSERT_EVENTS = """
INSERT INTO events (session_id, run_id, seq, ts, elapsed_ms, event_version, kind, trace_id, step, call_id,
    edge, payload, request_id)
SELECT session_id, run_id, seq, ts, elapsed_ms, event_version, kind, trace_id, step, call_id,
    edge, payload, request_id
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::float8[], $5::float8[], $6::int[], $7::text[],
    $8::text[], $9::bigint[], $10::text[], $11::text[], $12::text[], $13::text[]) WITH ORDINALITY
    AS given (session_id, run_id, seq, ts, elapsed_ms, event_version, kind, trace_id, step, call_id,
        edge, payload, request_id, place)
ORDER BY place
ON CONFLICT (run_id, seq) DO NOTHING
RETURNING position, run_id, seq
"""
"""Takes the columns of `event_row` as arrays. Positions follow the order of the arrays."""


def event_row(event: RunEvent) -> tuple[object, ...]:
    """Return the columns of `events` behind `position`, in their order."""
    body = event.body
    return (
        to_column(event.session_id),
        to_column(event.run_id),
        event.seq,
        event.ts,
        event.elapsed_ms,
        SCHEMA_VERSION,
        to_column(body.kind),
        maybe_to_column(body.trace_id) if isinstance(body, FlowHappened) else None,  # else that of the run
        getattr(body, "step", None),
        maybe_to_column(event.call_id),
        maybe_to_column(event.edge),
        payload_text(body),
        to_column(body.request_id) if isinstance(body, PersonAsked) else None,
    )


def run_events(rows: Sequence[Row]) -> list[RunEvent]:
    """Read rows that begin with `EVENT_COLUMNS`.

    Raises:
        StoreSchemaError: another version of this program wrote an event, or it is damaged.
    """
    return [_run_event(row) for row in rows]


def _run_event(row: Row) -> RunEvent:
    session_id, run_id, seq, ts, elapsed_ms, version, kind, payload = row[:8]
    return stored_event(
        session_id=from_column(session_id),
        run_id=from_column(run_id),
        seq=seq,
        ts=ts,
        elapsed_ms=elapsed_ms,
        version=version,
        kind=from_column(kind),
        payload=payload,
    )
