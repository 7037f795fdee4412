"""The planner's messages as a conversation with tool calls.

An assistant message that is the JSON text of an action becomes a call, and the message after it the result
of that call. Nothing is lost on the way: what does not fit exactly stays the text it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from penguiflow.llm._native.json_text import JsonObject, is_list, is_object, json_text, read_object
from penguiflow.llm._native.names import ToolNames
from penguiflow.llm._native.reply import PARALLEL
from penguiflow.llm.protocol import ChatMessage

WireMessage: TypeAlias = dict[str, Any]
"""A message as OpenAI's protocol has it; `content` is a text or None, `tool_calls` a list of objects."""

_ACTION_KEYS = frozenset({"thought", "next_node", "args"})
_STEP_KEYS = frozenset({"node", "args"})
_PLAN_KEYS = frozenset({"steps", "join"})

SEE_LAST = "The outcome of these calls stands together in the result of the last one."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    node: str
    args: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class _Turn:
    """The calls of one action and what came of each."""

    thought: str
    calls: Sequence[_Call]
    results: Sequence[str]


def native_messages(messages: Sequence[ChatMessage], system: str, names: ToolNames) -> list[WireMessage]:
    """Return the conversation under another system message."""
    has_system = bool(messages) and messages[0]["role"] == "system"
    wire: list[WireMessage] = [{"role": "system", "content": system}]
    at = 1 if has_system else 0
    while at < len(messages):
        turn = _turn(messages[at], messages[at + 1], names) if at + 1 < len(messages) else None
        if turn is None:
            wire.append(dict(messages[at]))
            at += 1
        else:
            wire += _wire_turn(turn, at, names)
            at += 2
    return wire


def _wire_turn(turn: _Turn, at: int, names: ToolNames) -> list[WireMessage]:
    # Nine letters and digits, which every provider takes; the position keeps them stable from call to call.
    ids = [f"c{at:05d}{branch:03d}" for branch in range(len(turn.calls))]
    calls = [
        {
            "id": call_id,
            "type": "function",
            "function": {"name": names.sent(call.node), "arguments": json_text(call.args)},
        }
        for call_id, call in zip(ids, turn.calls, strict=True)
    ]
    return [
        {"role": "assistant", "content": turn.thought or None, "tool_calls": calls},
        *(
            {"role": "tool", "tool_call_id": call_id, "content": result}
            for call_id, result in zip(ids, turn.results, strict=True)
        ),
    ]


def _turn(message: ChatMessage, following: ChatMessage, names: ToolNames) -> _Turn | None:
    if (message["role"], following["role"]) != ("assistant", "user"):
        return None
    action = read_object(message["content"])
    if action is None or not action.keys() <= _ACTION_KEYS:
        return None
    thought, node, args = action.get("thought", ""), action.get("next_node"), action.get("args")
    if not isinstance(thought, str) or not isinstance(node, str) or not is_object(args):
        return None
    outcome = following["content"]
    if node == PARALLEL:
        return _plan_turn(thought, args, outcome, names)
    if node not in names:
        return None
    return _Turn(thought=thought.strip(), calls=[_Call(node=node, args=args)], results=[outcome])


def _plan_turn(thought: str, args: JsonObject, outcome: str, names: ToolNames) -> _Turn | None:
    steps: object = args.get("steps")
    if not args.keys() <= _PLAN_KEYS or not is_list(steps):
        return None
    calls = [call for step in steps if (call := _call(step, names)) is not None]
    if not calls or len(calls) != len(steps):
        return None
    # A tool call has no place for a join, so it stands with what came of it.
    asked = {"join_asked_for": args["join"]} if args.get("join") else {}
    results = _results_by_branch(calls, outcome, asked) or _joint_results(calls, outcome, asked)
    return _Turn(thought=thought.strip(), calls=calls, results=results)


def _call(step: object, names: ToolNames) -> _Call | None:
    if not is_object(step) or not step.keys() <= _STEP_KEYS:
        return None
    node, args = step.get("node"), step.get("args", {})
    if not isinstance(node, str) or node not in names or not is_object(args):
        return None
    return _Call(node=node, args=args)


def _results_by_branch(
    calls: Sequence[_Call], outcome_text: str, asked: Mapping[str, Any]
) -> list[str] | None:
    """Give each branch its own result; what concerns all of them stands after the last."""
    outcome = read_object(outcome_text) or {}
    observation: object = outcome.pop("observation", None)
    branches: object = observation.pop("branches", None) if is_object(observation) else None
    if outcome or not is_object(observation) or not is_list(branches) or len(branches) != len(calls):
        return None
    results = [
        result
        for call, branch in zip(calls, branches, strict=True)
        if (result := _branch_result(call, branch)) is not None
    ]
    return _with_tail(results, {**observation, **asked}) if len(results) == len(calls) else None


def _branch_result(call: _Call, branch: object) -> str | None:
    if not is_object(branch) or branch.get("node") != call.node:
        return None
    # The arguments are in the call already, unless a person or the planner changed them.
    is_unchanged = is_object(args := branch.get("args")) and json_text(args) == json_text(call.args)
    told = {"node", "args"} if is_unchanged else {"node"}
    return json_text({key: value for key, value in branch.items() if key not in told})


def _joint_results(calls: Sequence[_Call], outcome: str, asked: Mapping[str, Any]) -> list[str]:
    return _with_tail([SEE_LAST] * (len(calls) - 1) + [outcome], asked)


def _with_tail(results: Sequence[str], tail: Mapping[str, Any]) -> list[str]:
    return [*results[:-1], f"{results[-1]}\n{json_text(tail)}"] if tail else list(results)
