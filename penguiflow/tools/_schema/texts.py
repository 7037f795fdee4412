"""The schema of a server as a language model and a person may read it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Final

from pydantic import JsonValue

from penguiflow.safe_text import safe_text

_TEXTS: Final = frozenset({"title", "description", "$comment"})
_VALUES: Final = frozenset({"default", "const", "enum", "examples", "example"})
"""Data, not schema: it is compared and sent as it is."""

_NAMED_SCHEMAS: Final = frozenset(
    {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"}
)
"""Inside these a key is a name, whatever it looks like."""

_MAX_TEXT_CHARS: Final = 8000


def shown_schema(schema: Mapping[str, JsonValue]) -> dict[str, Any]:
    """Return a copy in which hidden characters of texts are visible; `Any`, as pydantic's own schemas.

    Names and values stay as they are, the server compares them.
    """
    return {key: _shown(key, value) for key, value in schema.items()}


def _shown(key: str, value: JsonValue) -> JsonValue:
    if key in _VALUES:
        return copy.deepcopy(value)
    if isinstance(value, dict):
        return {name: _shown("" if key in _NAMED_SCHEMAS else name, part) for name, part in value.items()}
    if isinstance(value, list):
        return [_shown("", part) for part in value]
    if key in _TEXTS and isinstance(value, str):
        return safe_text(value, max_chars=_MAX_TEXT_CHARS)
    return value
