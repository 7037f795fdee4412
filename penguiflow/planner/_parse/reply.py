"""Finds the action in a model's reply, whatever stands around it.

Models wrap their object in prose, code fences, thinking tags or a JSON string. Of several actions the one
with most of what an action has counts, the first of equals: what follows was written without having seen its
result. The others stay with the action as `alternate_actions`.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from penguiflow.planner._json import Json, JsonObject, is_list, is_object, without_surrogates
from penguiflow.planner._parse.normalise import NotAnAction, looks_like_answer, names_next_node, read_action
from penguiflow.planner._parse.strict_json import NotStrictJson, loads, value_at
from penguiflow.planner._parse.text_stream import ActionStream
from penguiflow.planner.action import PlannerAction

_MAX_SCAN_ATTEMPTS = 50
_MAX_LITERAL_CHARS = 20_000
_MAX_ALTERNATES = 5

_FENCE = re.compile(r"```[a-zA-Z0-9_-]*\s*\n?(.*?)```", re.DOTALL)
_THINKING = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)


class UnreadableReply(ValueError):
    """No action in a reply; the message is written for the model that wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The action of a reply, where it stood, and what else the reply holds.

    `candidates` counts the objects that could have been the action, this one included; `others` are all other
    objects, and `around` is the text that belongs to none of them.
    """

    action: PlannerAction
    source: Literal["whole", "fence", "text"]
    candidates: int
    others: Sequence[JsonObject]
    around: str = ""

    @property
    def is_mixed(self) -> bool:
        """Return whether the reply holds more than the action."""
        return bool(self.others or self.around)


def read_reply(text: str) -> Reading:
    """Return what a reply holds.

    Raises:
        UnreadableReply: no action.
    """
    body = _THINKING.sub("", text).strip()
    if not body:
        raise UnreadableReply("invalid JSON action: the reply was empty")
    problem = "it holds no JSON object"
    whole: list[JsonObject] = []
    try:
        whole = list(_whole_values(body))
        problem = "the object has no `next_node`" if whole else problem
    except NotStrictJson as exc:
        problem = str(exc)
    is_pure = whole and body[0] in '{["'
    if candidates := _candidates(whole, empty_is_answer=True):
        around = "" if is_pure else _FENCE.sub("", body).strip()
        return _read(text, candidates, whole, "whole" if is_pure else "fence", around)
    scattered, around = _scattered_objects(body)
    # The inside of a call that breaks off is no answer, whatever its arguments are called.
    is_cut_off = '"next_node"' in around
    if candidates := _candidates([] if is_cut_off else scattered, empty_is_answer=False):
        return _read(text, candidates, scattered, "text", around.strip())
    raise UnreadableReply(f"invalid JSON action: {problem}")


def salvaged_answer(text: str) -> str | None:
    """Return the answer of a `final_response` whose JSON breaks off, as far as it goes."""
    body = _THINKING.sub("", text)
    stream = ActionStream()
    shown = stream.feed(body[max(0, body.find("{")) :])
    answer = "".join(piece.text for piece in shown if piece.channel == "answer")
    return without_surrogates(answer) if answer.strip() and stream.breaks_off else None


def _candidates(values: Sequence[JsonObject], *, empty_is_answer: bool) -> list[JsonObject]:
    named = [value for value in values if names_next_node(value)]
    return named or [value for value in values if looks_like_answer(value) and (value or empty_is_answer)]


def _read(
    text: str,
    candidates: list[JsonObject],
    values: list[JsonObject],
    source: Literal["whole", "fence", "text"],
    around: str,
) -> Reading:
    chosen = max(candidates, key=_score)  # the first of equals
    try:
        action = read_action(chosen)
    except NotAnAction as exc:
        raise UnreadableReply(str(exc)) from exc
    alternates = [_masked(value) for value in candidates if value is not chosen][:_MAX_ALTERNATES]
    action.raw_llm_response = text
    action.alternate_actions = alternates or None
    others = [_masked(value) for value in values if value is not chosen]
    return Reading(action=action, source=source, candidates=len(candidates), others=others, around=around)


def _masked(value: JsonObject) -> JsonObject:
    """Leave out the text of an answer that was written before its time."""
    try:
        action = read_action(value)
    except NotAnAction:
        return value
    if not action.is_terminal():
        return value
    return {"next_node": action.next_node, "args": {"answer_len": len(action.answer_text() or "")}}


def _score(value: JsonObject) -> int:
    if is_object(nested := value.get("action")) and "next_node" not in value:
        return 5 + _score(nested)
    next_node, args = value.get("next_node"), value.get("args")
    return (
        (10 if isinstance(next_node, str) else 2 if "next_node" in value else 0)
        + (2 if is_object(args) else 1 if args is not None else 0)
        + ("thought" in value)
        + bool(value.get("plan") or value.get("join"))
    )


def _whole_values(body: str) -> Iterator[JsonObject]:
    """Yield the objects of the whole text, or of each code fence when the text itself is no JSON.

    Raises:
        NotStrictJson: the text is no JSON and no fence holds any.
    """
    try:
        yield from _objects_in(loads(body))
    except NotStrictJson:
        fences = [match.group(1).strip() for match in _FENCE.finditer(body)]
        found = False
        for fence in fences:
            for value in _parsed_or_nothing(fence):
                found = True
                yield value
        if not found:
            raise


def _parsed_or_nothing(text: str) -> list[JsonObject]:
    try:
        return list(_objects_in(loads(text)))
    except NotStrictJson:
        return []


def _objects_in(value: Json) -> Iterator[JsonObject]:
    """Yield an object, the objects of a list, or the one inside a doubly encoded string."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        value = loads(value)
    yield from filter(is_object, value if is_list(value) else [value])


def _scattered_objects(body: str) -> tuple[list[JsonObject], str]:
    """Return the objects between other text, then one written as a Python literal; and that other text."""
    found: list[JsonObject] = []
    around: list[str] = []
    start, behind = body.find("{"), 0
    for _ in range(_MAX_SCAN_ATTEMPTS):
        if start < 0:
            break
        try:
            value, end = value_at(body, start)
        except NotStrictJson:
            end = start + 1
        else:
            found.extend(_objects_in(value))
            around.append(body[behind:start])
            behind = end
        start = body.find("{", end)
    # Plain JSON is a Python literal too: what was found already is not another call.
    literal = [value for value in _python_literal(body) if value not in found]
    return [*found, *literal], "".join([*around, body[behind:]])


def _python_literal(body: str) -> list[JsonObject]:
    start, end = body.find("{"), body.rfind("}")
    if start < 0 or not start < end <= start + _MAX_LITERAL_CHARS:
        return []
    try:
        with warnings.catch_warnings(action="ignore"):  # of a model's odd escapes nobody needs to hear
            tree = ast.parse(body[start : end + 1], mode="eval")
            _refuse_duplicate_keys(tree)
            # Written as JSON and read again, it keeps every limit that JSON has here.
            value = loads(json.dumps(ast.literal_eval(tree)))
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return []
    return [value] if is_object(value) else []


def _refuse_duplicate_keys(tree: ast.Expression) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            keys = [key.value for key in node.keys if isinstance(key, ast.Constant)]
            if len(set(keys)) != len(node.keys):
                raise NotStrictJson("a key stands twice in one object, or is no constant")
