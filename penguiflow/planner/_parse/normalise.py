"""Two shapes of one action become a `PlannerAction`.

Unified: `{"thought", "next_node", "args"}`. Legacy: `{"thought", "next_node": tool | null, "args", "plan",
"join"}`, which is also the stored form (`action.action_record`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard

from penguiflow.planner._json import Json, JsonObject, is_list, is_object
from penguiflow.planner._reserved import FINAL_RESPONSE, PARALLEL
from penguiflow.planner.action import DEFAULT_THOUGHT, PlannerAction

_PLAN, _TASK = "plan", "task"

OPCODE_ALIASES = frozenset({_PLAN, _TASK})
"""Other names of actions that are no tools; what they mean may depend on the arguments."""

_ANSWER_KEYS = ("answer", "raw_answer")


class NotAnAction(ValueError):
    """A JSON object that is no action; the message says what is missing."""


def names_next_node(value: Mapping[str, Json]) -> bool:
    """Return whether the object says what to do next by itself."""
    return "next_node" in value or bool(value.get("plan")) or is_object(value.get("action"))


def looks_like_answer(value: Mapping[str, Json]) -> bool:
    """Return whether an object without `next_node` is still a final answer."""
    args = value.get("args")
    holders: list[Mapping[str, Json]] = [value, args] if is_object(args) else [value]
    return not value or any(key in holder for holder in holders for key in _ANSWER_KEYS)


def read_action(value: Mapping[str, Json]) -> PlannerAction:
    """Return the action that the object means.

    Raises:
        NotAnAction: `next_node` or `args` is missing or of the wrong type.
    """
    nested = value.get("action")
    if "next_node" not in value and is_object(nested):
        value = nested
    thought = value.get("thought")
    thought = thought if isinstance(thought, str) and thought else DEFAULT_THOUGHT
    next_node, args = _meaning(value)
    return PlannerAction(next_node=next_node, args=args, thought=thought)


def _meaning(value: Mapping[str, Json]) -> tuple[str, JsonObject]:
    if _is_filled_list(plan := value.get("plan")):
        return PARALLEL, {"steps": _steps(plan), "join": _join(value.get("join"))}
    next_node = value.get("next_node")
    if next_node is None:
        return FINAL_RESPONSE, _answer_args(value)
    if not isinstance(next_node, str) or not next_node.strip():
        raise NotAnAction("`next_node` must be the name of a tool, `parallel` or `final_response`")
    name = _unaliased(next_node.strip(), value.get("args"))
    if name == FINAL_RESPONSE:
        return name, _answer_args(value)
    given = value.get("args")
    args: Json = {} if given is None else given
    if not is_object(args):
        raise NotAnAction(f"`args` of `{name[:60]}` must be a JSON object")
    return name, _plan_args(args) if name == PARALLEL else args


def _unaliased(name: str, args: Json) -> str:
    if name == _TASK:
        return "task.tool" if is_object(args) and "tool" in args else "task.subagent"
    return PARALLEL if name == _PLAN else name


def _answer_args(value: Mapping[str, Json]) -> JsonObject:
    args = value.get("args")
    if isinstance(args, str):
        return _mirrored({"answer": args})
    if _is_filled_list(args) and all(isinstance(line, str) for line in args):
        return _mirrored({"answer": "\n".join(args)})
    merged = {key: value[key] for key in _ANSWER_KEYS if key in value}
    return _mirrored(merged | (args if is_object(args) else {}))


def _mirrored(args: JsonObject) -> JsonObject:
    """Give both names of the answer the same text, whichever the model used."""
    for key in _ANSWER_KEYS:
        text = args.get(key)
        if isinstance(text, str) and text.strip():
            return args | dict.fromkeys(_ANSWER_KEYS, text)
    return args


def _plan_args(args: JsonObject) -> JsonObject:
    steps = args.get("steps", args.get("plan"))
    return {"steps": _steps(steps), "join": _join(args.get("join"))}


def _steps(steps: Json) -> Json:
    """Give branches without arguments empty ones; malformed branches are reported when the plan is judged."""
    if not _is_filled_list(steps):
        return steps
    return [{**step, "args": {}} if is_object(step) and step.get("args") is None else step for step in steps]


def _join(join: Json) -> Json:
    """Drop a join that names no tool; a malformed one is reported when the plan is judged."""
    nameless = is_object(join) and not join.get("node")
    return None if nameless or not join else join


def _is_filled_list(value: Json) -> TypeGuard[list[Json]]:  # as the model wrote it
    return is_list(value) and bool(value)
