"""The words a person reads, taken out of whatever an agent returned."""

from __future__ import annotations

import json
from typing import Any

from penguiflow.sessions.json_parts import member

_ANSWER_KEYS = ("raw_answer", "answer", "text", "content", "message", "greeting", "response", "result")


def answer_text(value: Any) -> str:  # an agent may return anything
    """Return the text of an answer.

    A mapping or an object gives its first text under the usual names (`raw_answer`, `answer`, `text`, ...);
    anything else is shown as JSON, and `None` as nothing.
    """
    if value is None or isinstance(value, str):
        return value or ""
    for key in _ANSWER_KEYS:
        found = member(value, key)
        if isinstance(found, str) and found:
            return found
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):  # circular or endlessly deep
        return str(value)
