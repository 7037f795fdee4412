"""What two runs took, as a small table: both values and by how much they differ."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

from penguiflow.sessions.projections.measures import RunMeasures
from penguiflow_cli._cells import pad
from penguiflow_cli._styled import Span, StyledLine
from penguiflow_tui.model.figures import duration_text, money_text

_MAX_RATIO = 10  # beyond, the numbers themselves say more
_Row: TypeAlias = tuple[str, str, str, str]


def measure_lines(before: RunMeasures, after: RunMeasures) -> list[StyledLine]:
    """Return a heading and one line per measure."""
    of_an_agent = [
        _row("steps", before.steps, after.steps, _count),
        _row("model calls", before.model_calls, after.model_calls, _count),
        _row("tokens in", before.input_tokens, after.input_tokens, _count),
        _row("tokens out", before.output_tokens, after.output_tokens, _count),
        _row("cost", before.cost_usd, after.cost_usd, money_text),
    ]
    rows = [
        *(of_an_agent if before.model_calls or after.model_calls else []),
        _row("calls", before.tool_calls, after.tool_calls, _count),
        _row("time", before.worked_ms, after.worked_ms, duration_text),
    ]
    table = [("", "A", "B", "CHANGE"), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(4)]
    return [_laid_out(row, widths) for row in table]


def _laid_out(row: _Row, widths: Sequence[int]) -> StyledLine:
    name, before, after, change = row
    columns = [pad(before, 2 + widths[1], right=True), pad(after, 2 + widths[2], right=True)]
    values = pad(name, widths[0]) + "".join(columns)
    return [Span(values, "plain" if name else "muted"), Span(f"  {change}" if change else "", "muted")]


def _row(name: str, before: float | None, after: float | None, text: Callable[[float], str]) -> _Row:
    shown = ["?" if value is None else text(value) for value in (before, after)]
    if before is None or after is None or shown[0] == shown[1]:
        return name, shown[0], shown[1], ""
    sign = "+" if after > before else "-"
    ratio = (after - before) / before if before else math.inf
    percent = f" ({ratio:+.0%})" if abs(ratio) < _MAX_RATIO else ""
    return name, shown[0], shown[1], f"{sign}{text(abs(after - before))}{percent}"


def _count(value: float) -> str:
    return f"{value:,.0f}"
