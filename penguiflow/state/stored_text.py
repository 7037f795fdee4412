"""What SQL stores keep as JSON text: payloads of events, and the tallies of sessions and runs.

The text is ASCII, because neither a lone surrogate of a model's text nor a NUL can be stored as text.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

from penguiflow.state.errors import StoreSchemaError
from penguiflow.state.events import (
    EventBody,
    EventSchemaError,
    RunEvent,
    body_from_payload,
    body_payload,
    from_record,
)
from penguiflow.state.tallies import RunTally, SessionTally

_TallyT = TypeVar("_TallyT", SessionTally, RunTally)

_compact_json = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode


def stored_object(text: str, *, name: str) -> dict[str, Any]:  # whatever JSON was stored
    """Read a stored JSON object; `name` says whose it is.

    Raises:
        StoreSchemaError: it is damaged, or no JSON at all.
    """
    try:
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError) as exc:
        raise _damaged(name, str(exc)) from exc
    if not isinstance(value, dict):
        raise _damaged(name, "not an object")
    return cast("dict[str, Any]", value)  # the keys of a JSON object are texts


def payload_text(body: EventBody) -> str:
    """Return the fields of a body; equal bodies have equal texts."""
    return _compact_json(body_payload(body))


def is_body_of(kind: str, payload: str, body: EventBody) -> bool:
    """Tell whether stored columns hold this body, also if a version wrote them that knew fewer fields."""
    if kind != body.kind:
        return False
    if payload == payload_text(body):
        return True
    try:
        return body_from_payload(kind, json.loads(payload)) == body
    except (EventSchemaError, ValueError, TypeError, RecursionError):
        return False


def stored_event(
    *,
    session_id: str,
    run_id: str,
    seq: int,
    ts: float,
    elapsed_ms: float | None,
    version: int,
    kind: str,
    payload: str,
) -> RunEvent:
    """Return the event whose columns these are.

    Raises:
        StoreSchemaError: another version of this program wrote the event, or it is damaged.
    """
    name = f"event {seq} of run `{run_id}`"
    envelope = {"v": version, "session_id": session_id, "run_id": run_id, "seq": seq, "ts": ts}
    body = {"kind": kind, "payload": stored_object(payload, name=name)}
    try:
        return from_record({**envelope, "elapsed_ms": elapsed_ms, **body})
    except EventSchemaError as exc:
        raise StoreSchemaError(f"{name}: {exc}", hint="move the history away to begin a new one") from exc


def tally_text(tally: SessionTally | RunTally) -> str:
    """Return the text of a tally."""
    if isinstance(tally, SessionTally):
        return json.dumps(_session_tallies().dump_python(tally, mode="json"))
    return json.dumps(_run_tallies().dump_python(tally, mode="json"))


def session_tally(text: str) -> SessionTally:
    """Read a session's tally.

    Raises:
        StoreSchemaError: another version of this program wrote it, or it is damaged.
    """
    return _tally(_session_tallies(), text)


def run_tally(text: str) -> RunTally:
    """Read a run's tally; otherwise as `session_tally`."""
    return _tally(_run_tallies(), text)


def _damaged(name: str, why: str) -> StoreSchemaError:
    return StoreSchemaError(f"{name} is damaged: {why}", hint="restore the row from a backup, or delete it")


def _tally(adapter: TypeAdapter[_TallyT], text: str) -> _TallyT:
    try:
        return adapter.validate_python(json.loads(text))
    except (ValueError, RecursionError) as exc:
        raise StoreSchemaError(f"the list of sessions or runs cannot be read: {exc}") from exc


@cache
def _session_tallies() -> TypeAdapter[SessionTally]:
    return TypeAdapter(SessionTally)


@cache
def _run_tallies() -> TypeAdapter[RunTally]:
    return TypeAdapter(RunTally)
