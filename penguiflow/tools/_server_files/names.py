"""Which names of servers can be the namespace of tools."""

from __future__ import annotations

import re

_MAX_CHARS = 64
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_-]+")


def namespace_of(name: str) -> str:
    """Return the name as a namespace: ASCII letters, digits, `_` and `-`, since models take no others.

    What may not stand there becomes one `_`. Empty when nothing of the name could stay.
    """
    if not any(char.isascii() and char.isalnum() for char in name):
        return ""
    return _NOT_IN_A_NAME.sub("_", name).strip("_")[:_MAX_CHARS] if _changes(name) else name


def _changes(name: str) -> bool:
    return len(name) > _MAX_CHARS or _NOT_IN_A_NAME.search(name) is not None
