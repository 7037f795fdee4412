"""Offering keywords to a function that may not want all of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def accepted_keywords(function: Callable[..., Any], offered: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of the offered keywords that the function can take by name."""
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters):
        return dict(offered)
    names = {parameter.name for parameter in parameters if parameter.kind in _BY_NAME}
    return {name: value for name, value in offered.items() if name in names}


def first_required(function: Callable[..., Any]) -> str | None:
    """Return the name of the first parameter when it has no default, else `None`."""
    for parameter in inspect.signature(function).parameters.values():
        required = parameter.default is inspect.Parameter.empty and parameter.kind in _BY_NAME
        return parameter.name if required else None
    return None
