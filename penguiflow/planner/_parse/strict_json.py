"""JSON as everything behind this boundary may rely on it.

`json.loads` accepts NaN, infinities, duplicate keys and lone surrogates, and fails in three different ways
on deep nesting and huge numbers. Here each of them is one `NotStrictJson` whose text a model can act on.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable
from typing import NoReturn, TypeVar

from penguiflow.planner._json import Json, JsonObject, is_list, is_object

MAX_CHARS = 1_000_000
MAX_DEPTH = 100
MAX_INT_DIGITS = 300

_ParsedT = TypeVar("_ParsedT")


class NotStrictJson(ValueError):
    """The text holds no usable JSON; the message says what is wrong with it."""


def loads(text: str) -> Json:
    """Parse one JSON value.

    Raises:
        NotStrictJson: a syntax error, or a value outside the limits above.
    """
    _refuse_huge(text)
    value: Json = _guarded(lambda: _decoder.decode(text))
    if not _is_plain(text):
        _check_value(value)
    return value


def object_in(text: str) -> JsonObject:
    """Parse the first JSON object of a text, whatever stands around it.

    Raises:
        NotStrictJson: there is none that can be read.
    """
    start = text.find("{")
    if start < 0:
        raise NotStrictJson("it holds no JSON object")
    value, _ = value_at(text, start)
    return value if is_object(value) else {}


def value_at(text: str, start: int) -> tuple[Json, int]:
    """Parse the JSON value that begins at `start` and return it with the position after it.

    Raises:
        NotStrictJson: as in `loads`.
    """
    _refuse_huge(text)
    value, end = _guarded(lambda: _decoder.raw_decode(text, start))
    _check_value(value)
    return value, end


def _is_plain(text: str) -> bool:
    """Return whether a text cannot hold what `_check_value` refuses, so that most need no second look."""
    return text.isascii() and "\\u" not in text and text.count("{") + text.count("[") <= MAX_DEPTH


def _check_value(value: Json) -> None:
    """Refuse nesting beyond `MAX_DEPTH` and text that is no Unicode."""
    level: list[Json] = [value]
    depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise NotStrictJson(f"nested deeper than {MAX_DEPTH} levels")
        level = [child for item in level for child in _children(item)]


def _guarded(parse: Callable[[], _ParsedT]) -> _ParsedT:
    try:
        return parse()
    except NotStrictJson:
        raise
    except json.JSONDecodeError as exc:
        raise NotStrictJson(f"{exc.msg} at character {exc.pos}") from exc
    except RecursionError as exc:
        raise NotStrictJson(f"nested deeper than {MAX_DEPTH} levels") from exc


def _children(value: Json) -> list[Json]:
    if is_list(value):
        return value
    if is_object(value):
        for key in value:
            _check_text(key)
        return list(value.values())
    if isinstance(value, str):
        _check_text(value)
    return []


def _check_text(text: str) -> None:
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as exc:
            raise NotStrictJson("half of a surrogate pair") from exc


def _refuse_huge(text: str) -> None:
    if len(text) > MAX_CHARS:
        raise NotStrictJson(f"{len(text)} characters long; at most {MAX_CHARS} are read")


def _read_int(digits: str) -> int:
    if len(digits) > MAX_INT_DIGITS:
        raise NotStrictJson(f"a number of {len(digits)} digits; at most {MAX_INT_DIGITS} are read")
    return int(digits)


def _read_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NotStrictJson(f"the number {digits[:20]} is too large")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise NotStrictJson(f"{name} is not JSON")


def _object_without_duplicates(pairs: list[tuple[str, Json]]) -> JsonObject:
    result = dict(pairs)
    if len(result) != len(pairs):
        twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise NotStrictJson(f"the key `{twice[:40]}` stands twice in one object")
    return result


_decoder = json.JSONDecoder(
    parse_int=_read_int,
    parse_float=_read_float,
    parse_constant=_refuse_constant,
    object_pairs_hook=_object_without_duplicates,
    strict=False,  # small models write line breaks into strings; nothing is lost by reading them
)
