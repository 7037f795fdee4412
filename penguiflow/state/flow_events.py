"""The stored text of things whose values are not all JSON, and what makes two flow events the same.

The text is ASCII: a lone surrogate, which a model or a tool may send, has no UTF-8 form.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from penguiflow.state.errors import StoreError
from penguiflow.state.models import StoredEvent


def payload_json(event: StoredEvent) -> str:
    """Return the payload as JSON text; a value without JSON form is kept as its `str`."""
    return json.dumps(dict(event.payload), sort_keys=True, default=str)


def fingerprint(event: StoredEvent, payload_text: str) -> str:
    """Return the digest by which an event that is saved twice is known; the text is its `payload_json`."""
    identity = (event.trace_id, event.ts, event.kind, event.node_name, event.node_id, payload_text)
    return hashlib.sha256(repr(identity).encode("utf-8", "surrogatepass")).hexdigest()


def planner_record_json(token: str, payload: dict[str, Any]) -> str:  # the planner's record, JSON by contract
    """Return the record of a pause as JSON text.

    Raises:
        StoreError: a value has no JSON form; the pause cannot be kept.
    """
    return _json_text(
        payload,
        name=f"the pause `{token}`",
        hint="tool results and contexts of a run that may pause must be JSON values",
    )


def memory_state_json(key: str, state: dict[str, Any]) -> str:  # the memory's own form, JSON by contract
    """Return the state of a memory as JSON text.

    Raises:
        StoreError: a value has no JSON form; the state cannot be kept.
    """
    return _json_text(
        state, name=f"the memory state `{key}`", hint="let the memory give JSON values, or keep it in memory"
    )


def _json_text(record: dict[str, Any], *, name: str, hint: str) -> str:  # see the callers
    try:
        return json.dumps(record)
    except (TypeError, ValueError, RecursionError) as exc:
        raise StoreError(f"{name} cannot be stored: {exc}", hint=hint) from exc
