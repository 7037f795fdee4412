"""How an event enters the history: plain JSON, without secrets, and not larger than a person can use."""

from __future__ import annotations

import sys
from dataclasses import fields, replace
from typing import Any, TypeVar, cast

from penguiflow.redaction import redact
from penguiflow.sessions.plain_json import plain_json
from penguiflow.state.events import CallToApprove, EventBody, OutputCaptured, ToolFinished, ToolStreamed

MAX_RESULT_CHARS = 64_000
_UNLIMITED = sys.maxsize

# Names and ids are matched by programs; changing them would break a resume, and they hold no secrets.
# fmt: off
_KEPT_AS_THEY_ARE = frozenset({
    "agent", "call_hash", "call_id", "channel", "code", "decision", "kind", "model", "name", "next_node",
    "reason", "request_id", "side_effects", "state", "stream", "stream_id", "tool", "transport",
})
# fmt: on

_BodyT = TypeVar("_BodyT", bound=EventBody)


def history_form(body: _BodyT) -> _BodyT:
    """Return the body as it may be stored and shown.

    Only what tools and programs put out is cut. Arguments never are: a person decides on the whole call.
    """
    is_output = isinstance(body, ToolFinished | ToolStreamed | OutputCaptured)
    changed = _clean(body, max_chars=MAX_RESULT_CHARS if is_output else _UNLIMITED)
    return cast("_BodyT", changed)  # `replace` keeps the class


def _clean(body: EventBody | CallToApprove, *, max_chars: int) -> EventBody | CallToApprove:
    changes: dict[str, Any] = {}  # fields of every type there is
    for field in fields(body):
        value = getattr(body, field.name)
        if field.name in _KEPT_AS_THEY_ARE or isinstance(value, int | float | None):
            continue
        if isinstance(value, CallToApprove):
            changes[field.name] = _clean(value, max_chars=max_chars)
        else:
            changes[field.name] = redact(plain_json(value, max_chars=max_chars))
    return replace(body, **changes)
