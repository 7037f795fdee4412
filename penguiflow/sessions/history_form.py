"""How an event enters the history: plain JSON, without secrets, and not larger than a person can use."""

from __future__ import annotations

import sys
from dataclasses import fields, replace
from typing import Any, TypeVar, cast

from penguiflow.redaction import redact, without_known_secrets
from penguiflow.sessions.plain_json import plain_json
from penguiflow.state.events import (
    CallToApprove,
    EventBody,
    FlowHappened,
    OutputCaptured,
    PlannerNoted,
    ToolFinished,
    ToolStreamed,
)

MAX_RESULT_CHARS = 64_000
_UNLIMITED = sys.maxsize

# Names and ids are matched by programs: they may look like secrets, but only a registered one is taken out.
# fmt: off
_NAMES_AND_IDS = frozenset({
    "agent", "call_hash", "call_id", "change", "channel", "code", "decision", "edge", "event", "key", "kind",
    "model", "name", "next_node", "node", "node_id", "parent_run_id", "parent_session_id", "purpose",
    "reason", "request_id", "side_effects", "state", "stream", "stream_id", "tool", "trace_id", "transport",
})
# fmt: on
_REFS = frozenset({"content", "context", "messages", "options", "reply_content", "tools"})
_IS_OUTPUT = (ToolFinished, ToolStreamed, OutputCaptured, PlannerNoted, FlowHappened)

_BodyT = TypeVar("_BodyT", bound=EventBody)


def history_form(body: _BodyT) -> _BodyT:
    """Return the body as it may be stored and shown.

    Only what tools and programs put out is cut. Arguments never are: a person decides on the whole call.
    """
    changed = _clean(body, max_chars=MAX_RESULT_CHARS if isinstance(body, _IS_OUTPUT) else _UNLIMITED)
    return cast("_BodyT", changed)  # `replace` keeps the class


def _clean(body: EventBody | CallToApprove, *, max_chars: int) -> EventBody | CallToApprove:
    changes: dict[str, Any] = {}  # fields of every type there is
    for field in fields(body):
        value = getattr(body, field.name)
        if field.name in _REFS or isinstance(value, int | float | None):
            continue
        if field.name in _NAMES_AND_IDS:
            changes[field.name] = without_known_secrets(value)
        elif isinstance(value, CallToApprove):
            changes[field.name] = _clean(value, max_chars=max_chars)
        elif isinstance(value, tuple):  # of texts: what stands for contents was left out above
            texts = cast("tuple[str, ...]", value)
            changes[field.name] = tuple(
                cast("str", redact(plain_json(text, max_chars=max_chars)))  # a text stays a text
                for text in texts
            )
        else:
            changes[field.name] = redact(plain_json(value, max_chars=max_chars))
    return replace(body, **changes)
