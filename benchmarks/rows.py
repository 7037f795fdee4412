"""A row of the speed table: what was measured, against what, and whether that is enough."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias, assert_never

from options import Options, from_arguments, parser

Measure: TypeAlias = Callable[[Options], list["Row"]]
"""What every script of the table offers under the name `measure`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What a row must reach, and what it should.

    `of` says which figure is bounded: the `ratio` to the baseline, or the `value` itself from above
    (`at most`) or from below (`at least`).
    """

    of: Literal["ratio", "at most", "at least"]
    required: float
    aim: float

    def text(self, bound: float) -> str:
        """Return a bound as the table shows it."""
        match self.of:
            case "ratio":
                return f"<= {bound:.2f}x"
            case "at most":
                return f"<= {bound:g}"
            case "at least":
                return f">= {bound:g}"
            case _ as unknown:
                assert_never(unknown)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measure beside its baseline of the same run, both in `unit`."""

    name: str
    unit: str
    measured: float
    baseline: float
    limit: Limit | None = None
    """None: shown for comparison, nothing is promised."""

    @property
    def ratio(self) -> float:
        """How many times the baseline the measured value is."""
        return self.measured / self.baseline

    @property
    def verdict(self) -> Literal["ok", "over", "-"]:
        """Tell whether the row is inside what is required."""
        if self.limit is None:
            return "-"
        match self.limit.of:
            case "ratio":
                inside = self.ratio <= self.limit.required
            case "at most":
                inside = self.measured <= self.limit.required
            case "at least":
                inside = self.measured >= self.limit.required
            case _ as unknown:
                assert_never(unknown)
        return "ok" if inside else "over"


def table(rows: Iterable[Row]) -> str:
    """Return the rows as text, one line each under a header."""
    header = f"{'measure':44}{'unit':>10}{'ours':>10}{'baseline':>10}{'ratio':>8}"
    lines = [f"{header}{'required':>11}{'aim':>11}  verdict"]
    for row in rows:
        required = row.limit.text(row.limit.required) if row.limit else ""
        aim = row.limit.text(row.limit.aim) if row.limit else ""
        figures = f"{row.measured:>10.2f}{row.baseline:>10.2f}{row.ratio:>7.2f}x"
        lines.append(f"{row.name:44}{row.unit:>10}{figures}{required:>11}{aim:>11}  {row.verdict}")
    return "\n".join(lines)


def main(measure: Measure, description: str | None) -> None:
    """Run one script of the table by itself."""
    options = from_arguments(parser(description).parse_args())
    print(table(measure(options)))
