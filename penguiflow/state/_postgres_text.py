"""Text in columns. PostgreSQL refuses two characters that models and tools may send: NUL, and half a pair.

JSON is kept as ASCII, where both are escapes. Names, which are compared and sorted, are escaped only if need
be, so that they read as what they are.
"""

from __future__ import annotations

import re

_SPECIAL = re.compile("[\\\\\0\ud800-\udfff]")
_ESCAPE = re.compile(r"\\u([0-9a-f]{4})")


def to_column(text: str) -> str:
    """Return a name as a column can hold it; different names stay different."""
    if text.isascii() and "\\" not in text and "\0" not in text:
        return text  # as nearly all are, and this is quicker than to look for a pattern
    return _SPECIAL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def from_column(text: str) -> str:
    """Return what was given to `to_column`."""
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)


def maybe_to_column(text: str | None) -> str | None:
    return None if text is None else to_column(text)


def maybe_from_column(text: str | None) -> str | None:
    return None if text is None else from_column(text)
