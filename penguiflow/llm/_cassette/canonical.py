"""Values as JSON, and one JSON text per value: sorted keys, no spaces, always encodable as UTF-8."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeAlias

JsonObject: TypeAlias = dict[str, Any]
"""A JSON object; its values are any JSON, known at run time only."""


def canonical_json(value: object) -> str:
    r"""Return the text of a value made of JSON, dataclasses and any mappings.

    A lone surrogate is written as its escape `\ud800` and comes back when the text is read. Two that stand
    for one character are written as that character, because a reader of JSON joins them anyway.

    Raises:
        TypeError: something in the value is none of these.
    """
    text = _encode(value)
    return text if text.isascii() else _with_escaped_surrogates(text)


def plain_json(value: object) -> Any:  # JSON of any kind
    """Return what a reader of the canonical text gets."""
    return json.loads(canonical_json(value))


def _members(value: Any) -> JsonObject:  # whatever the encoder does not know
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return {**value}
    raise TypeError(f"`{type(value).__name__}` cannot be written as JSON")


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, default=_members).encode


def _with_escaped_surrogates(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        return joined.encode("utf-8", "backslashreplace").decode()
    return text
