"""The sentence that stands where content was. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(\w+)(?::([^{}]*))?\}")


def filled(template: str, values: Mapping[str, str | int]) -> str:
    """Return a template with its placeholders filled; one that is not known stays as it is written."""

    def fill(match: re.Match[str]) -> str:
        name, form = match.group(1), match.group(2) or ""
        if name is None:
            return match.group(0)[0]
        if name not in values:
            return match.group(0)
        try:
            return format(values[name], form)
        except ValueError:
            return match.group(0)

    return _PLACEHOLDER.sub(fill, template)
