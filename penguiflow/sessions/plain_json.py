"""Making plain JSON of what agents and tools hand over, cut to a size, in one walk."""

from __future__ import annotations

import math

from penguiflow.redaction import settled_chars
from penguiflow.sessions.json_parts import Json, as_list, as_object

_MAX_DEPTH = 100
_MAX_SECRET_CHARS = 512


def plain_json(value: object, *, max_chars: int) -> Json:
    """Return the value as JSON of about `max_chars` characters.

    Its shape stays, and what is missing is told. A value without JSON form becomes its `str`, a lone
    surrogate the replacement character.
    """
    plain, _ = _walk(value, max_chars, depth=0)
    return plain


def _walk(value: object, room: int, *, depth: int) -> tuple[Json, int]:
    """Return the value within `room` characters, and the room that is left."""
    if isinstance(value, str):
        return _cut(_encodable(value), room), room - len(value)
    if value is None or isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return value, room - 1
    entries, items = as_object(value), as_list(value)
    if entries is None and items is None:
        return _walk(str(value), room, depth=depth)
    if depth >= _MAX_DEPTH:
        return "… (nested too deeply)", room
    if entries is not None:
        return _walk_object(entries, room, depth)
    return _walk_list(items or [], room, depth)


def _walk_object(entries: dict[str, Json], room: int, depth: int) -> tuple[Json, int]:
    kept: dict[str, Json] = {}
    for key, item in entries.items():
        if room <= 0:
            kept["…"] = f"{len(entries) - len(kept)} more entries"
            break
        name, room = _walk(str(key), room, depth=depth)
        kept[name], room = _walk(item, room, depth=depth + 1)
    return kept, room


def _walk_list(items: list[Json], room: int, depth: int) -> tuple[Json, int]:
    kept: list[Json] = []
    for item in items:
        if room <= 0:
            kept.append(f"… ({len(items) - len(kept)} more items)")
            break
        plain, room = _walk(item, room - 1, depth=depth + 1)
        kept.append(plain)
    return kept, room


def _cut(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    kept = text[: max(room, 0)]
    # Half a secret has no longer its form: end at a space, so that a secret is kept whole or not at all.
    space = max(kept.rfind(" "), kept.rfind("\n"), kept.rfind("\t"))
    if len(kept) - space <= _MAX_SECRET_CHARS:
        kept = kept[: space + 1]
    kept = kept[: settled_chars(kept, at_most=len(kept))]  # nor is half of a registered one recognised
    return f"{kept}… ({len(text) - len(kept)} more characters)"


def _encodable(text: str) -> str:
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
