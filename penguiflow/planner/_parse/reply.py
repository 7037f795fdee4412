"""Finds the action in a model's reply, whatever stands around it.

Models wrap their object in prose, code fences, thinking tags or a JSON string. Of several actions the
first one counts: what follows was written without having seen its result.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator

from penguiflow.planner._json import Json, JsonObject, is_list, is_object
from penguiflow.planner._parse.normalise import NotAnAction, looks_like_answer, names_next_node, read_action
from penguiflow.planner._parse.strict_json import NotStrictJson, loads, value_at
from penguiflow.planner.action import PlannerAction

_MAX_SCAN_ATTEMPTS = 50
_MAX_LITERAL_CHARS = 20_000

_FENCE = re.compile(r"```[a-zA-Z0-9_-]*\s*\n?(.*?)```", re.DOTALL)
_THINKING = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)


class UnreadableReply(ValueError):
    """No action in a reply; the message is written for the model that wrote it."""


def read_reply(text: str) -> PlannerAction:
    """Return the action of a reply.

    Raises:
        UnreadableReply: it holds none.
    """
    body = _THINKING.sub("", text).strip()
    if not body:
        raise UnreadableReply("the reply was empty")
    problem = "it holds no JSON object"
    try:
        for value in _whole_values(body):
            if names_next_node(value) or looks_like_answer(value):
                return _as_action(value, text)
            problem = "the object has no `next_node`"
    except NotStrictJson as exc:
        problem = str(exc)
    for value in _scattered_objects(body):
        if names_next_node(value):
            return _as_action(value, text)
    raise UnreadableReply(f"invalid JSON action: {problem}")


def _as_action(value: JsonObject, text: str) -> PlannerAction:
    try:
        action = read_action(value)
    except NotAnAction as exc:
        raise UnreadableReply(str(exc)) from exc
    return action.model_copy(update={"raw_llm_response": text})


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


def _scattered_objects(body: str) -> Iterator[JsonObject]:
    """Yield the objects that stand between other text, then one written as a Python literal."""
    start = body.find("{")
    for _ in range(_MAX_SCAN_ATTEMPTS):
        if start < 0:
            break
        try:
            value, end = value_at(body, start)
        except NotStrictJson:
            end = start + 1
        else:
            yield from _objects_in(value)
        start = body.find("{", end)
    yield from _python_literal(body)


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
