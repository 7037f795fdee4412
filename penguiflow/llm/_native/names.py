"""Tool names that every provider takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_MAX_CHARS = 64
_FITS = re.compile(rf"[a-zA-Z0-9_-]{{1,{_MAX_CHARS}}}")
_UNFIT = re.compile(r"[^a-zA-Z0-9_-]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolNames:
    """The names of the planner and those the provider knows, both ways; no two share one."""

    by_shown: Mapping[str, str]
    by_sent: Mapping[str, str]

    def sent(self, shown: str) -> str:
        """Return what the provider knows a listed tool by."""
        return self.by_shown[shown]

    def shown(self, sent: str) -> str:
        """Return the planner's name; a name that was never sent stays as it is, for the planner to refuse."""
        return self.by_sent.get(sent, sent)

    def __contains__(self, shown: str) -> bool:
        return shown in self.by_shown


def tool_names(names: Iterable[str]) -> ToolNames:
    """Return both directions; a name that fits is sent as it is, another one gets a form that is free."""
    listed = list(dict.fromkeys(names))
    by_shown = {name: name for name in listed if _FITS.fullmatch(name)}
    taken = set(by_shown)
    for name in listed:
        if name not in by_shown:
            by_shown[name] = _free_form(name, taken)
            taken.add(by_shown[name])
    return ToolNames(by_shown=by_shown, by_sent={sent: shown for shown, sent in by_shown.items()})


def _free_form(name: str, taken: set[str]) -> str:
    plain = _UNFIT.sub("_", name)[:_MAX_CHARS] or "tool"
    form, number = plain, 2
    while form in taken:
        suffix = f"_{number}"
        form = plain[: _MAX_CHARS - len(suffix)] + suffix
        number += 1
    return form
