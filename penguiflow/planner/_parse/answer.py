"""The answer in the arguments of `final_response`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penguiflow.planner._json import Json, is_object, json_text, without_surrogates
from penguiflow.planner._parse.strict_json import NotStrictJson, object_in
from penguiflow.planner._reserved import FINAL_RESPONSE

AUTO_PLACEHOLDER = "<auto>"

_ANSWER_KEYS = ("raw_answer", "answer")

# Small models invent other names for it.
_OTHER_KEYS = (
    "text",
    "result",
    "output",
    "response",
    "message",
    "content",
    "greeting",
    "joke",
    "reply",
    "summary",
    "explanation",
    "description",
    "body",
)


def usable_answer(args: Mapping[str, Any]) -> str | None:
    """Return the answer as text, None when there is none that a person could use."""
    texts = (_as_text(args.get(key)) for key in _ANSWER_KEYS)
    return next((text for text in texts if text is not None), None)


def answer_by_any_name(args: Mapping[str, Any]) -> str | None:
    """Return the answer, also under another of the names that models give it."""
    texts = (value for key in _OTHER_KEYS if isinstance(value := args.get(key), str) and _as_text(value))
    return usable_answer(args) or next(texts, None)


def answer_in_reply(text: str) -> str | None:
    """Return the answer in a reply to a request for just that: JSON under any of its names, or plain text.

    A reply that calls a tool instead holds none.
    """
    try:
        value = object_in(text)
    except NotStrictJson:
        return _as_text(text.strip()) if "{" not in text else None
    args: Json = value.get("args")
    if value.get("next_node", FINAL_RESPONSE) not in (FINAL_RESPONSE, None):
        return None
    holder = {**(args if is_object(args) else {"answer": args}), **value}
    return answer_by_any_name(holder)


def longest_text(value: Json) -> str | None:
    """Return the answer in any JSON: under one of its usual names, else the only text, else all of it."""
    if is_object(value):
        named = answer_by_any_name(value)
        texts = [member for member in value.values() if isinstance(member, str) and _as_text(member)]
        return named or (texts[0] if len(texts) == 1 else None) or (json_text(value) if value else None)
    return _as_text(value)


def _as_text(value: Any) -> str | None:  # a value the model wrote
    if isinstance(value, str):
        return without_surrogates(value) if value.strip() not in ("", AUTO_PLACEHOLDER) else None
    if value is None or value == {} or value == []:
        return None
    return json_text(value)
