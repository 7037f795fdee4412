"""Where the lines of a text end on a screen of a given width."""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import get_character_cell_size


def wrapped(line: str, cells: int) -> Iterator[tuple[int, int]]:
    """Yield start and end of each row of `line`, broken at spaces where there are any; at least one row."""
    start, size = 0, max(1, cells)
    while True:
        limit = _limit(line, start, size)
        if limit >= len(line):
            yield start, len(line)
            return
        space = line.rfind(" ", start + 1, limit + 1)
        if space > start:
            yield start, space
            start = space + 1  # the space ends the row and is drawn nowhere
        else:
            yield start, limit
            start = limit


def _limit(line: str, start: int, cells: int) -> int:
    """Return the end of what fits from `start` on, always at least one character further."""
    if line.isascii():
        return start + cells
    room = cells
    for place in range(start, len(line)):
        room -= get_character_cell_size(line[place])
        if room < 0:
            return max(place, start + 1)
    return len(line)
