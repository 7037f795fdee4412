"""A word of a command line as the value that a schema asks for. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from pydantic import JsonValue

from penguiflow.safe_text import safe_line
from penguiflow_cli._tools_schema import SchemaPart, as_list, as_mapping
from penguiflow_cli._tools_text import type_text

_MAX_DEPTH: Final = 6
_SHOWN_CHARS: Final = 60
_TRUE: Final = ("true", "yes", "on", "1")
_FALSE: Final = ("false", "no", "off", "0")
# A word that several types could be is taken for the narrowest: "3" is no text where a number may stand,
# and "1" is true only where no number may.
_NARROWEST_FIRST: Final = ("null", "integer", "number", "boolean", "array", "object", None, "string")


class ValueProblem(ValueError):
    """A word is not what the schema asks for; the text says what would be."""


def value_of(word: str, part: SchemaPart, *, depth: int = 0) -> JsonValue:
    """Return the value that `word` means.

    Raises:
        ValueProblem: it is none of what the schema allows.
    """
    options = part.options
    if depth > _MAX_DEPTH:
        return _anything(word)
    if part.choices is not None:
        return _choice(word, part.choices)
    if options == [part]:
        return _of_kind(word, part, depth)
    for option in sorted(options, key=_order):
        try:
            return value_of(word, option, depth=depth + 1)
        except ValueProblem:
            continue
    raise ValueProblem(f"should be {wanted_text(part)}, not {_shown(word)}")


def wanted_text(part: SchemaPart) -> str:
    """Return what a value should be, in a few words."""
    return safe_line(type_text(part.part), max_chars=160)


def closest(name: str, names: Sequence[str]) -> str | None:
    """Return the name that was probably meant."""
    by_folded = {each.casefold(): each for each in names}
    found = get_close_matches(name.casefold(), list(by_folded), n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def _order(option: SchemaPart) -> int:
    kind = option.kind
    if option.choices is not None:
        return -1
    return _NARROWEST_FIRST.index(kind) if kind in _NARROWEST_FIRST else len(_NARROWEST_FIRST)


def _of_kind(word: str, part: SchemaPart, depth: int) -> JsonValue:
    match part.kind:
        case "string":
            return word
        case "integer":
            return _integer(word)
        case "number":
            return _number(word)
        case "boolean":
            return _boolean(word)
        case "null":
            if word == "null":
                return None
            raise ValueProblem(f"should be null, not {_shown(word)}")
        case "array":
            return _array(word, part, depth)
        case "object":
            return _object(word)
        case _:
            return _anything(word)


def _integer(word: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise ValueProblem(f"should be an integer, not {_shown(word)}") from None


def _number(word: str) -> int | float:
    try:
        number = float(word)
    except ValueError:
        raise ValueProblem(f"should be a number, not {_shown(word)}") from None
    if not math.isfinite(number):
        raise ValueProblem(f"should be a finite number, not {_shown(word)}")
    try:
        return int(word)  # 3 stays 3 and does not become 3.0
    except ValueError:
        return number


def _boolean(word: str) -> bool:
    folded = word.strip().lower()
    if folded in _TRUE:
        return True
    if folded in _FALSE:
        return False
    raise ValueProblem(f"should be true or false, not {_shown(word)}")


def _array(word: str, part: SchemaPart, depth: int) -> JsonValue:
    """Return a JSON list as it is; any other word is the one entry of a list."""
    if word.lstrip().startswith("["):
        parsed = _json_or_none(word)
        if isinstance(parsed, list):
            return parsed
        if part.items.kind != "string":
            raise ValueProblem(f"begins like a JSON list but is none: {_shown(word)}")
    return [value_of(word, part.items, depth=depth + 1)]


def _object(word: str) -> JsonValue:
    parsed = _json_or_none(word)
    if isinstance(parsed, dict):
        return parsed
    raise ValueProblem(f"should be a JSON object such as '{{\"name\": 1}}', not {_shown(word)}")


def _choice(word: str, choices: Sequence[object]) -> JsonValue:
    values = [choice for choice in choices if as_mapping(choice) is None and as_list(choice) is None]
    for value in values:
        if word == value or word == _json_text(value):
            same: JsonValue = json.loads(_json_text(value))
            return same
    texts = [value if isinstance(value, str) else _json_text(value) for value in values]
    meant = closest(word, texts)
    known = safe_line(", ".join(texts), max_chars=160)
    raise ValueProblem(
        f"should be one of {known}, not {_shown(word)}"
        + (f"; did you mean `{safe_line(meant)}`?" if meant else "")
    )


def _anything(word: str) -> JsonValue:
    parsed = _json_or_none(word)
    return word if parsed is None and word != "null" else parsed


def _json_or_none(word: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(word, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    return value


def _refuse_constant(name: str) -> JsonValue:
    raise ValueError(f"{name} is no JSON")


def _json_text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _shown(word: str) -> str:
    return f"`{safe_line(word, max_chars=_SHOWN_CHARS)}`"
