"""A person's decision about one call, applied to that call. Pure: nothing runs and nothing is lost here."""

from __future__ import annotations

from typing import Any, TypeAlias, assert_never

from penguiflow.catalog import NodeSpec
from penguiflow.planner._json import is_json
from penguiflow.planner._prompts.tools import args_schema
from penguiflow.planner._rules.arguments import InvalidArgs, check_args
from penguiflow.planner._rules.calls import CallResult, PlannedCall
from penguiflow.planner._rules.secret_args import hidden_args, holds_placeholder
from penguiflow.planner.approvals import (
    Approve,
    Decision,
    DecisionError,
    Edit,
    Reject,
    Respond,
    call_hash,
    decision_to_json,
    parse_decision,
)
from penguiflow.redaction import REDACTED

_GIVE_THE_SECRET = (
    f"`{REDACTED}` stands for a secret that was not shown: give its value, or approve the call as proposed"
)

Resolution: TypeAlias = tuple[PlannedCall, CallResult | None]
"""The call as decided; with a result when it must not run any more."""


def approval_payload(call: PlannedCall, spec: NodeSpec, thought: str) -> dict[str, Any]:
    """Return what a person needs to decide about the call; of a secret argument only that it is set."""
    return {
        "tool": spec.name,
        "args": hidden_args(spec, call.args),
        "call_id": call.call_id,
        "call_hash": call_hash(spec.name, call.args),
        "args_schema": dict(args_schema(spec.args_model)),
        "description": spec.desc,
        "side_effects": spec.side_effects,
        "thought": thought,
    }


def as_decision(user_input: str | Decision | None) -> Decision:
    """Return the decision a caller gave as a value or as text.

    Raises:
        DecisionError: it gave none, or a text that is no decision.
    """
    if user_input is None:
        raise DecisionError("a call waits for a decision: approve, edit, reject or respond")
    return parse_decision(user_input) if isinstance(user_input, str) else user_input


def as_text(user_input: str | Decision | None) -> str | None:
    """Return what a person says to a question that is about no call.

    Raises:
        DecisionError: an edit, although there is no call whose arguments could be edited.
    """
    match user_input:
        case None | str():
            return user_input
        case Approve():
            return "approved"
        case Reject(reason):
            return f"rejected: {reason}" if reason else "rejected"
        case Respond(text):
            return text
        case Edit():
            raise DecisionError("the run asked a question; there are no arguments to edit, use respond: TEXT")
        case _:
            assert_never(user_input)


def resolve(call: PlannedCall, spec: NodeSpec | None, decision: Decision) -> Resolution:
    """Return the call as it may run now, or settled without running.

    Raises:
        DecisionError: the decision does not fit the call; the pause stays open.
    """
    decided = PlannedCall(
        call_id=call.call_id, node=call.node, args=call.args, decision=decision_to_json(decision)
    )
    match decision:
        case Reject(reason):
            return decided, _rejected(call, reason)
        case Respond(text):
            return decided, CallResult(
                status="succeeded", observation={"response_from_person": text, "tool_ran": False}
            )
        case Approve(shown):
            if spec is not None and shown is not None and shown != call_hash(spec.name, call.args):
                raise DecisionError(
                    f"the waiting call of `{call.node}` is not the one that was shown; look again"
                )
            return _with_args(decided, spec, call.args), None
        case Edit(args):
            if spec is not None and holds_placeholder(spec, dict(args)):
                raise DecisionError(_GIVE_THE_SECRET)
            return _with_args(decided, spec, dict(args)), None
        case _:
            assert_never(decision)


def edit_problems(spec: NodeSpec, args: dict[str, Any]) -> list[str]:
    """Return why edited arguments cannot be used, empty when they can."""
    if holds_placeholder(spec, args):
        return [_GIVE_THE_SECRET]
    checked = check_args(spec, args)
    return list(checked.messages) if isinstance(checked, InvalidArgs) else []


def _with_args(call: PlannedCall, spec: NodeSpec | None, args: dict[str, Any]) -> PlannedCall:
    if spec is None:
        raise DecisionError(f"tool `{call.node}` is not available now; connect it and decide again")
    if not is_json(args):
        raise DecisionError(f"the arguments for `{call.node}` must be JSON")
    checked = check_args(spec, args)
    if isinstance(checked, InvalidArgs):
        raise DecisionError(checked.error(call.node))
    return PlannedCall(
        call_id=call.call_id,
        node=call.node,
        args=checked.shown,
        decision=call.decision,
        parsed=checked.parsed,
    )


def _rejected(call: PlannedCall, reason: str) -> CallResult:
    message = reason or "no reason given"
    return CallResult(
        status="failed",
        error=f"a person rejected the call of `{call.node}`: {message}. The tool did not run.",
        failure={"node": call.node, "args": call.args, "error_code": "REJECTED", "message": message},
    )
