"""Keeps `[redacted]` from being sent to a tool.

The history shows arguments without their secrets. Who edits such a call would send the placeholder in the
place of the secret; that is refused, because nobody means it.
"""

from __future__ import annotations

from collections.abc import Mapping

from penguiflow.redaction import REDACTED
from penguiflow.sessions.json_parts import Json, as_list, as_object


def hidden_values(args: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the dotted paths of arguments in which a placeholder stands."""
    return tuple(_paths(args, ""))


def hidden_value_messages(args: Mapping[str, Json]) -> list[str]:
    """Return one message for a person for each of them."""
    return [
        f"`{path}` is hidden in what was shown: type its value, or approve the call as proposed"
        for path in hidden_values(args)
    ]


def _paths(value: Json, path: str) -> list[str]:
    if isinstance(value, str):
        return [path] if REDACTED in value else []
    if (entries := as_object(value)) is not None:
        prefix = f"{path}." if path else ""
        return [found for key, item in entries.items() for found in _paths(item, f"{prefix}{key}")]
    items = as_list(value) or []
    return [found for index, item in enumerate(items) for found in _paths(item, f"{path}[{index}]")]
