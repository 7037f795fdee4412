"""Parts of a line that may be coloured: a tone says how, and never says anything that the words do not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

Style: TypeAlias = Literal["plain", "strong", "muted", "active", "success", "warning", "error"]
"""Every `Tone` of the workbench is a style."""

# The sixteen colours that every terminal theme sets itself.
_CODES: Mapping[Style, str] = MappingProxyType(
    {"strong": "1", "muted": "2", "active": "36", "success": "32", "warning": "33", "error": "31"}
)


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a line in one style."""

    text: str
    style: Style = "plain"


StyledLine: TypeAlias = Sequence[Span]


def plain_text(line: StyledLine) -> str:
    """Return the words of a line."""
    return "".join(span.text for span in line)


def painted(text: str, style: Style) -> str:
    """Put the control sequences of a style around a text that is safe already."""
    code = _CODES.get(style)
    return f"\x1b[{code}m{text}\x1b[0m" if code and text else text


def may_colour(environment: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Tell whether colours are wanted: on a terminal that has some, unless NO_COLOR is set."""
    return is_terminal and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
