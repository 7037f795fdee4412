"""JSON values whose types are known at run time only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypeGuard

Json: TypeAlias = Any
"""Any JSON value; models, tools, servers and people make them."""

JsonObject: TypeAlias = Mapping[str, Any]
"""A JSON object."""


def is_object(value: object) -> TypeGuard[JsonObject]:
    """Tell whether the value is a JSON object."""
    return isinstance(value, Mapping)


def is_list(value: object) -> TypeGuard[Sequence[Json]]:
    """Tell whether the value is a JSON list."""
    return isinstance(value, list | tuple)
