"""The JSON form of whatever travels. Looking never raises, and never changes or uses up what is looked at."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time
from enum import Enum
from typing import Any, TypeAlias, cast

from pydantic import BaseModel

Json: TypeAlias = Any
"""Any JSON value; what travels through a flow is known at run time only."""

_MAX_DEPTH = 90  # redaction looks through 100 levels, and the envelope has some of its own
_PLAIN = frozenset({str, bool, type(None)})
_MAX_INT_BITS = 14_000  # Python refuses to write out longer ones


def plain_json(value: object, *, max_chars: float = math.inf) -> Json:
    """Return the value as JSON of about `max_chars` characters.

    Models and dataclasses become objects, sets and tuples lists, dates their ISO form; a value without JSON
    form becomes its `str`.
    """
    return _Walk(max_chars).visit(value, 0)


class _Walk:
    def __init__(self, room: float) -> None:
        self._room = room
        self._inside: set[int] = set()

    def visit(self, value: object, depth: int) -> Json:
        if type(value) in _PLAIN and self._room == math.inf:
            return value  # most values are of this kind, and the flow's loop does the work
        try:
            return self._visit(value, depth)
        except Exception:  # noqa: BLE001 - foreign values may raise anything, and none may fail the flow
            return self._leaf(_text_of(value))

    def _visit(self, value: object, depth: int) -> Json:
        if value is None or isinstance(value, str | int | float):
            return self._leaf(value)
        if isinstance(value, Enum):
            return self.visit(value.value, depth + 1)
        opened = _opened(value)
        if opened is None:
            return self._leaf(_text_of(value))
        if depth >= _MAX_DEPTH:
            return "… (nested too deeply)"
        if id(value) in self._inside:
            return "… (contains itself)"
        self._inside.add(id(value))
        try:
            return self._container(opened, depth + 1)
        finally:
            self._inside.discard(id(value))

    def _container(self, opened: dict[object, object] | list[object], depth: int) -> Json:
        if isinstance(opened, list):
            return [self.visit(item, depth) for item in opened if self._room > 0]
        plain: dict[str, Json] = {}
        for key, item in opened.items():
            if self._room <= 0:
                break
            plain[self._leaf(_text_of(key))] = self.visit(item, depth)
        return plain

    def _leaf(self, value: str | float | None) -> Json:
        if isinstance(value, int) and value.bit_length() > _MAX_INT_BITS:
            value = f"an integer of {value.bit_length()} bits"
        elif isinstance(value, float) and not math.isfinite(value):
            value = str(value)
        if self._room < math.inf:
            if isinstance(value, str):
                value = value[: max(0, int(self._room))]
            self._room -= len(str(value)) + 1
        return value


def _opened(value: object) -> dict[object, object] | list[object] | None:
    """Return the parts of a container as they are now, `None` for anything else."""
    if isinstance(value, Mapping):
        return dict(cast("Mapping[object, object]", value))  # a mapping of whatever
    if isinstance(value, list | tuple | set | frozenset):
        return list(cast("Iterable[object]", value))  # a collection of whatever
    if isinstance(value, BaseModel):
        return _fields_of_model(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return None


def _fields_of_model(model: BaseModel) -> dict[object, object]:
    try:
        # Not `mode="json"`, which would use up an iterator that is still to be read by a node.
        return cast("dict[object, object]", model.model_dump(warnings=False))  # a dict by its own contract
    except Exception:  # noqa: BLE001 - a serializer of somebody else; the fields one by one say more than nothing
        return dict(model)


def _text_of(value: object) -> str:
    try:
        if isinstance(value, str):
            return value
        if isinstance(value, date | time):  # a datetime is a date
            return value.isoformat()
        if isinstance(value, bytes | bytearray):
            return value.decode("utf-8", "replace")
        return str(value)
    except Exception:  # noqa: BLE001 - foreign values may raise anything, and none may fail the flow
        return f"<{type(value).__name__}>"
