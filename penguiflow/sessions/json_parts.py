"""Taking typed parts out of free JSON, or out of a user's object that is used like JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

Json: TypeAlias = Any
"""Any JSON value; only its author knows more."""


def as_object(value: Json) -> dict[str, Json] | None:
    """Return the value if it is a JSON object."""
    return dict(cast("Mapping[str, Json]", value)) if isinstance(value, Mapping) else None


def as_list(value: Json) -> list[Json] | None:
    """Return the value if it is a JSON array."""
    return list(cast("list[Json]", value)) if isinstance(value, list | tuple) else None


def object_in(value: Json) -> dict[str, Json]:
    """Return the object, or an empty one when the value is something else."""
    return as_object(value) or {}


def member(value: Json, name: str) -> Json:
    """Return the entry or attribute of this name, `None` when there is none."""
    entries = as_object(value)
    return getattr(value, name, None) if entries is None else entries.get(name)
