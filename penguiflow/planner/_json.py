"""JSON text for prompts, events and records: compact, valid UTF-8, never NaN."""

from __future__ import annotations

import json
import math
from typing import Any, TypeAlias, TypeGuard

Json: TypeAlias = Any
"""Any JSON value; models, tools, people and stores make them, so their types are known at run time only."""

JsonObject: TypeAlias = dict[str, Any]
"""A JSON object."""

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True).encode


# Python refuses to write out longer ones.
_MAX_INT_BITS = 14_000


def is_object(value: object) -> TypeGuard[JsonObject]:
    """Return whether a JSON value is an object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Json]]:
    """Return whether a JSON value is a list."""
    return isinstance(value, list)


def json_text(value: Json) -> str:
    """Return compact JSON with sorted keys; NaN, infinities and huge numbers become texts, surrogates U+FFFD.

    Raises:
        TypeError: a value that is no JSON.
    """
    try:
        text = _encode(value)
    except ValueError:
        text = _encode(_without_nan(value))
    return without_surrogates(text)


def without_surrogates(text: str) -> str:
    """Return the text with lone surrogates replaced, so that it can be sent and stored."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def is_json(value: object) -> bool:
    """Return whether the value can be written as JSON."""
    try:
        json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _without_nan(value: Json) -> Json:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if is_object(value):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, int) and value.bit_length() > _MAX_INT_BITS:
        return f"an integer of {value.bit_length()} bits"
    return [_without_nan(item) for item in value] if is_list(value) else value
