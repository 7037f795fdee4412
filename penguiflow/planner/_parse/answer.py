"""The answer in the arguments of `final_response`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penguiflow.planner._json import json_text

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
    "reply",
    "summary",
    "explanation",
)


def usable_answer(args: Mapping[str, Any]) -> str | None:
    """Return the answer as text, None when there is none that a person could use."""
    for key in _ANSWER_KEYS:
        if (text := _as_text(args.get(key))) is not None:
            return text
    for key in _OTHER_KEYS:
        value = args.get(key)
        if isinstance(value, str) and (text := _as_text(value)) is not None:
            return text
    return None


def _as_text(value: Any) -> str | None:  # a value the model wrote
    if isinstance(value, str):
        return value if value.strip() not in ("", AUTO_PLACEHOLDER) else None
    if value is None or value == {} or value == []:
        return None
    return json_text(value)
