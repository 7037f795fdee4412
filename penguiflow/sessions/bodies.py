"""Event bodies that the session itself records, made from what it was told."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from functools import partial
from typing import Any, assert_never

from penguiflow._redaction.marked import hide_marked
from penguiflow.planner.approvals import Approve, Decision, Edit, Reject, Respond, decision_from_json
from penguiflow.sessions.agent_port import Paused
from penguiflow.sessions.json_parts import object_in
from penguiflow.state.events import (
    CallToApprove,
    ConnectionChanged,
    PersonAnswered,
    PersonAsked,
    RunFailed,
)
from penguiflow.tools.connection import ConnectionStatus

UNNAMED_ERROR = "agent_error"
"""The code of a failure that brings no code of its own, of the user's code mostly."""

# The event is written at each change of a connection: it keeps the end of what a server said, not all of it.
_MAX_LINES = 20
_MAX_LINE_CHARS = 400

_PROMPT_KEYS = ("prompt", "question", "message", "text")


def person_asked(pause: Paused, *, step: int) -> PersonAsked:
    """Return the question a pause asks; a call that waits is shown as such, anything else by its payload."""
    call = _call_to_approve(pause)
    return PersonAsked(
        step=step,
        request_id=pause.resume_token,
        reason=pause.reason,
        prompt=_prompt(pause.payload),
        payload={} if call else dict(pause.payload),
        call=call,
    )


def person_answered(asked: PersonAsked, decision: Decision) -> PersonAnswered:
    """Return the record of a decision; edited arguments that the tool's schema marks as secret are hidden."""
    answered = partial(PersonAnswered, request_id=asked.request_id)
    match decision:
        case Approve():
            return answered(decision="approve")
        case Edit(args):
            schema = asked.call.args_schema if asked.call else {}
            return answered(decision="edit", args=object_in(hide_marked(schema, dict(args))))
        case Reject(reason):
            return answered(decision="reject", text=reason)
        case Respond(text):
            return answered(decision="respond", text=text)
        case _:
            assert_never(decision)


def answered_before(asked: PersonAsked, answer: Mapping[str, Any]) -> PersonAnswered:
    """Return the record of a decision that a planner kept in its stored form."""
    if "decision" in answer:
        return person_answered(asked, decision_from_json(answer))
    text = str(answer.get("text") or "")
    return PersonAnswered(request_id=asked.request_id, decision="respond", text=text)


def connection_changed(status: ConnectionStatus) -> ConnectionChanged:
    """Return the record of a connection's status."""
    return ConnectionChanged(
        name=status.name,
        state=status.state,
        transport=status.transport,
        tool_count=status.tool_count,
        latency_ms=status.latency_ms,
        error=status.error,
        hint=status.hint,
        target=status.target,
        server=status.server,
        protocol_version=status.protocol_version,
        last_error=status.last_error,
        last_lines=tuple(line[:_MAX_LINE_CHARS] for line in status.last_lines[-_MAX_LINES:]),
        circuit=status.circuit,
        held_back=status.held_back,
        auth_url=status.auth_url,
    )


def run_failed(error: BaseException) -> RunFailed:
    """Return why a run ended. Errors of this library bring `code` and `hint`; of others the place is told."""
    for named in (error, error.__cause__):
        code, hint = getattr(named, "code", None), getattr(named, "hint", None)
        if isinstance(code, str):
            return RunFailed(code=code, message=str(error), hint=hint if isinstance(hint, str) else None)
    name = type(error).__name__
    return RunFailed(
        code=UNNAMED_ERROR, message=f"{name}: {error}" if str(error) else name, hint=_place(error)
    )


def _call_to_approve(pause: Paused) -> CallToApprove | None:
    shown = pause.payload
    if pause.reason != "approval_required" or "call_hash" not in shown:
        return None
    return CallToApprove(
        call_id=str(shown.get("call_id", "")),
        tool=str(shown.get("tool", "")),
        args=object_in(shown.get("args")),
        call_hash=str(shown["call_hash"]),
        args_schema=object_in(shown.get("args_schema")),
        description=str(shown.get("description") or ""),
        side_effects=str(shown.get("side_effects") or "external"),
        thought=str(shown.get("thought") or ""),
    )


def _prompt(payload: Mapping[str, Any]) -> str:
    for key in _PROMPT_KEYS:
        if isinstance(text := payload.get(key), str):
            return text
    return ""


def _place(error: BaseException) -> str | None:
    frames = traceback.extract_tb(error.__traceback__)
    return f"raised in `{frames[-1].name}` at {frames[-1].filename}:{frames[-1].lineno}" if frames else None
