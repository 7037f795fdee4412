"""JSON text of a value, written only as far as it will be shown.

A tool may return megabytes. Writing stops at the limit, so the cost depends on what is shown and not on
what there is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

_MAX_DEPTH = 40
_INLINE_CHARS = 48
"""A list or object whose text is not longer stands on one line."""


@dataclass(frozen=True, slots=True)
class BoundedText:
    """The beginning of a text, and whether it was cut."""

    text: str
    is_cut: bool


def compact_json(value: object, max_chars: int) -> BoundedText:
    """Return `value` as JSON on one line."""
    return _bounded(_one_line(value, max_chars, 0), max_chars)


def pretty_json(value: object, max_chars: int) -> BoundedText:
    """Return `value` as indented JSON; short lists and objects stay on one line."""
    return _bounded(_indented(value, max_chars, 0), max_chars)


def _bounded(pieces: Iterator[str], max_chars: int) -> BoundedText:
    kept: list[str] = []
    room = max_chars
    for piece in pieces:
        if len(piece) > room:
            kept.append(piece[:room])
            return BoundedText("".join(kept), is_cut=True)
        kept.append(piece)
        room -= len(piece)
    return BoundedText("".join(kept), is_cut=False)


Container: TypeAlias = Mapping[object, object] | Sequence[object]


def _container(value: object) -> Container | None:
    """Return `value` when it has members to write, so not for a text."""
    if isinstance(value, Mapping):
        return cast("Mapping[object, object]", value)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return cast("Sequence[object]", value)
    return None


def _brackets(container: Container) -> tuple[str, str]:
    return ("{", "}") if isinstance(container, Mapping) else ("[", "]")


def _members(container: Container, max_chars: int) -> Iterator[tuple[str, object]]:
    """Yield what precedes each member, and the member."""
    if isinstance(container, Mapping):
        for key, member in container.items():
            yield f"{_scalar(str(key), max_chars)}: ", member
    else:
        for member in container:
            yield "", member


def _scalar(value: object, max_chars: int) -> str:
    # One character more than there is room for: a string that is cut here is also seen to be cut.
    shown = value[: max_chars + 1] if isinstance(value, str) else value
    try:
        return json.dumps(shown, ensure_ascii=False)
    except (TypeError, ValueError):
        return json.dumps(repr(value)[: max_chars + 1], ensure_ascii=False)


def _one_line(value: object, max_chars: int, depth: int) -> Iterator[str]:
    container = _container(value)
    if container is None:
        yield _scalar(value, max_chars)
        return
    opening, closing = _brackets(container)
    yield opening
    if depth >= _MAX_DEPTH:
        yield "…"
    else:
        separator = ""
        for prefix, member in _members(container, max_chars):
            yield separator + prefix
            yield from _one_line(member, max_chars, depth + 1)
            separator = ", "
    yield closing


def _indented(value: object, max_chars: int, depth: int) -> Iterator[str]:
    container = _container(value)
    if container is None:
        yield _scalar(value, max_chars)
        return
    opening, closing = _brackets(container)
    if depth >= _MAX_DEPTH:
        yield f"{opening}…{closing}"
        return
    inline = compact_json(container, _INLINE_CHARS)
    if not inline.is_cut:
        yield inline.text
        return
    yield opening
    inner, separator = "  " * (depth + 1), "\n"
    for prefix, member in _members(container, max_chars):
        yield f"{separator}{inner}{prefix}"
        yield from _indented(member, max_chars, depth + 1)
        separator = ",\n"
    yield f"\n{'  ' * depth}{closing}"
