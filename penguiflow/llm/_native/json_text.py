"""JSON in and out of tool calls, without losing or inventing anything."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, TypeAlias, TypeGuard

Json: TypeAlias = Any
"""Any JSON value; models and tools make them, so their types are known at run time only."""

JsonObject: TypeAlias = dict[str, Any]
"""A JSON object."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_SURROGATE = re.compile("[\ud800-\udfff]")


def is_object(value: object) -> TypeGuard[JsonObject]:
    """Return whether a JSON value is an object."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[Json]]:
    """Return whether a JSON value is a list."""
    return isinstance(value, list)


def json_text(value: Mapping[str, Json] | str) -> str:
    """Return compact JSON; halves of surrogate pairs are written as escapes, which join again when read."""
    return _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", _encode(value))


def string_inside(text: str) -> str:
    """Return a piece of text as it stands between the quotes of a JSON string."""
    return json_text(text)[1:-1]


def read_object(text: str) -> JsonObject | None:
    """Return the JSON object that is the whole text; None when writing it again would lose a part of it."""
    try:
        value: Json = _lossless.decode(text)
    except (ValueError, RecursionError):
        return None
    return value if is_object(value) else None


def is_whole_json(text: str) -> bool:
    """Return whether the text is one JSON value that does not break off."""
    try:
        _lenient.decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def _without_duplicates(pairs: list[tuple[str, Json]]) -> JsonObject:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refuse(digits)


# Line breaks inside strings are read: small models write them, and the planner reads them too.
_lenient = json.JSONDecoder(strict=False)
_lossless = json.JSONDecoder(
    strict=False, object_pairs_hook=_without_duplicates, parse_constant=_refuse, parse_float=_finite
)
