"""How many cells of a terminal a text takes, and cutting, padding and wrapping by cells."""

from __future__ import annotations

from unicodedata import combining, east_asian_width

_ZERO_WIDTH = "\u200d\ufe0e\ufe0f"


def cell_count(text: str) -> int:
    """Return the width of a text on a terminal."""
    return len(text) if text.isascii() else sum(_cells(character) for character in text)


def fit(text: str, width: int) -> str:
    """Return the beginning of a text that fits; a cut one ends in `…`."""
    if cell_count(text) <= width:
        return text
    kept, room = "", width - 1
    for character in text:
        room -= _cells(character)
        if room < 0:
            break
        kept += character
    return kept.rstrip() + "…" if width > 0 else ""


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Fill a text up with spaces, to the left of it when it is to stand at the right."""
    space = " " * (width - cell_count(text))
    return space + text if right else text + space


def wrap(text: str, width: int | None) -> list[str]:
    """Break the lines that are wider than `width`, at a space where there is one; `None` breaks none."""
    lines = text.split("\n")
    if width is None:
        return lines
    return [piece for line in lines for piece in _wrap_line(line, max(width, 1))]


def _wrap_line(line: str, width: int) -> list[str]:
    pieces: list[str] = []
    while cell_count(line) > width:
        end = _longest_beginning(line, width)
        space = line.rfind(" ", 0, end + 1)
        if space > 0 and line[:space].strip():
            pieces.append(line[:space].rstrip())
            line = line[space + 1 :]
        else:
            pieces.append(line[:end])
            line = line[end:]
    return [*pieces, line]


def _longest_beginning(line: str, width: int) -> int:
    """Return how many characters fit; at least one, so that there is progress."""
    used = 0
    for place, character in enumerate(line):
        used += _cells(character)
        if used > width:
            return max(place, 1)
    return len(line)


def _cells(character: str) -> int:
    if combining(character) or character in _ZERO_WIDTH:
        return 0
    return 2 if east_asian_width(character) in "WF" else 1
