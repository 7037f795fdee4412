"""JSON that hides nothing and loses nothing: what cannot be seen is written as an escape.

`safe_text` makes text fit to be read; this makes values fit to be read *and* edited, because the escapes
mean the same characters when the JSON is read again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from penguiflow.safe_text import safe_text


def is_hidden(character: str) -> bool:
    """Tell whether a terminal would obey, drop or reorder this character instead of drawing it."""
    return character not in "\n\t" and safe_text(character) != character


def has_hidden_characters(text: str) -> bool:
    """Tell whether `text` holds control, bidirectional or invisible characters."""
    return any(is_hidden(character) for character in set(text))


def count_hidden_characters(value: Any) -> int:  # any JSON value
    """Count the hidden characters in all strings and keys of a JSON value."""
    match value:
        case str():
            hidden = {character for character in set(value) if is_hidden(character)}
            return sum(value.count(character) for character in hidden)
        case Mapping():
            object_ = cast("Mapping[str, Any]", value)
            return sum(count_hidden_characters(part) for pair in object_.items() for part in pair)
        case [*items]:
            return sum(count_hidden_characters(item) for item in items)
        case _:
            return 0


def visible_json(value: object, *, indent: int | None = 2) -> str:
    """Return `value` as JSON with every hidden character escaped; `json.loads` gives the same value."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    for character in set(text):
        if is_hidden(character):
            text = text.replace(character, json.dumps(character)[1:-1])
    return text
