"""A table that fits a terminal: columns of what they hold, one that takes the room that is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from penguiflow_cli._cells import cell_count, fit, pad
from penguiflow_cli._styled import Span, Style

ALWAYS = 9
"""The `keep` of a column that is never left out."""

_GAP = 2
_MIN_ROOM = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One cell for each line, at least one. Of several columns, that with the highest `keep` stays longest.

    The one that `grows` takes what the others leave, and cuts its cells.
    """

    heading: str
    cells: Sequence[Span]
    right: bool = False
    keep: int = ALWAYS
    grows: bool = False

    @property
    def width(self) -> int:
        return max(len(self.heading), *(cell_count(cell.text) for cell in self.cells))


def cells_of(texts: Sequence[str], style: Style = "plain") -> Sequence[Span]:
    """Return texts as the cells of a column."""
    return [Span(text, style) for text in texts]


def table(columns: Sequence[Column], *, width: int) -> list[list[Span]]:
    """Return a heading and the lines; columns that do not fit are left out."""
    fitting = _fitting(list(columns), width)
    room = width - _width_of_fixed(fitting)
    widths = [room if column.grows else column.width for column in fitting]
    lines = [[Span(column.heading, "muted") for column in fitting]]
    lines += [[column.cells[row] for column in fitting] for row in range(len(columns[0].cells))]
    return [_laid_out(line, fitting, widths) for line in lines]


def _fitting(columns: list[Column], width: int) -> list[Column]:
    """Leave out columns, the least wanted first, until the one that grows has room."""
    for unwanted in sorted(columns, key=lambda column: column.keep):
        if width - _width_of_fixed(columns) >= _MIN_ROOM or unwanted.keep == ALWAYS:
            break
        columns = [column for column in columns if column is not unwanted]
    return columns


def _width_of_fixed(columns: Sequence[Column]) -> int:
    return sum(column.width + _GAP for column in columns if not column.grows)


def _laid_out(cells: Sequence[Span], columns: Sequence[Column], widths: Sequence[int]) -> list[Span]:
    line: list[Span] = []
    for cell, column, width in zip(cells, columns, widths, strict=True):
        gap = " " * _GAP if line else ""
        shown = pad(fit(cell.text, width), width, right=column.right)
        line.append(Span(gap + shown, cell.style))
    return line
