"""Where two JSON values differ, as paths such as `args.items[2].name`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, TypeAlias

from penguiflow.sessions.json_parts import Json, as_list, as_object

ChangeKind: TypeAlias = Literal["changed", "added", "removed"]

MAX_CHANGES = 100
_MAX_DEPTH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueChange:
    """One place. `before` is `None` where something was added, `after` where something was removed."""

    path: str
    kind: ChangeKind
    before: Any = None  # JSON of any kind
    after: Any = None  # JSON of any kind


def value_changes(before: Json, after: Json, path: str) -> tuple[ValueChange, ...]:
    """Return the places below `path` that differ; the whole value when they are more than `MAX_CHANGES`."""
    found = tuple(islice(_changes(before, after, path, depth=0), MAX_CHANGES + 1))
    if len(found) > MAX_CHANGES:
        return (_changed(before, after, path),)
    return found


def canonical(value: Json) -> str:
    """Return a text that is the same for equal JSON values."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)


def _changes(before: Json, after: Json, path: str, *, depth: int) -> Iterator[ValueChange]:
    objects = as_object(before), as_object(after)
    lists = as_list(before), as_list(after)
    if depth >= _MAX_DEPTH:
        if canonical(before) != canonical(after):
            yield _changed(before, after, path)
    elif objects[0] is not None and objects[1] is not None:
        yield from _in_objects(objects[0], objects[1], path, depth)
    elif lists[0] is not None and lists[1] is not None:
        yield from _in_lists(lists[0], lists[1], path, depth)
    elif not _equal_scalars(before, after):
        yield _changed(before, after, path)


def _in_objects(
    before: dict[str, Json], after: dict[str, Json], path: str, depth: int
) -> Iterator[ValueChange]:
    for name in (*before, *(name for name in after if name not in before)):
        where = f"{path}.{name}" if name.isidentifier() else f"{path}[{json.dumps(name, ensure_ascii=False)}]"
        if name not in after:
            yield ValueChange(path=where, kind="removed", before=before[name])
        elif name not in before:
            yield ValueChange(path=where, kind="added", after=after[name])
        else:
            yield from _changes(before[name], after[name], where, depth=depth + 1)


def _in_lists(before: list[Json], after: list[Json], path: str, depth: int) -> Iterator[ValueChange]:
    """Compare what is left between the equal items at the beginning and at the end, item by item."""
    one, other = [canonical(item) for item in before], [canonical(item) for item in after]
    shorter = min(len(before), len(after))
    head = next((place for place in range(shorter) if one[place] != other[place]), shorter)
    room = shorter - head
    tail = next((place for place in range(room) if one[-1 - place] != other[-1 - place]), room)
    for place in range(head, max(len(before), len(after)) - tail):
        where = f"{path}[{place}]"
        if place >= len(after) - tail:
            yield ValueChange(path=where, kind="removed", before=before[place])
        elif place >= len(before) - tail:
            yield ValueChange(path=where, kind="added", after=after[place])
        else:
            yield from _changes(before[place], after[place], where, depth=depth + 1)


def _equal_scalars(before: Json, after: Json) -> bool:
    if isinstance(before, bool) or isinstance(after, bool):
        return before is after  # 1 is no true
    return bool(before == after or (before != before and after != after))


def _changed(before: Json, after: Json, path: str) -> ValueChange:
    return ValueChange(path=path, kind="changed", before=before, after=after)
