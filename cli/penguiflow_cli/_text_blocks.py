"""Lines of a longer text for a person: a sign, a label, and words that are wrapped under one another."""

from __future__ import annotations

from dataclasses import dataclass

from penguiflow.safe_text import safe_line, safe_text
from penguiflow_cli._cells import wrap
from penguiflow_cli._styled import Span, Style, StyledLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where the lines go; without a width nothing is wrapped."""

    width: int | None = None

    def entry(
        self, glyph: Span, label: str, text: str = "", *, style: Style = "plain", indent: int = 2
    ) -> list[StyledLine]:
        """Return one thing that happened: its sign, what it is, and what there is to say about it."""
        label, text = safe_line(label), safe_line(text)
        hanging = indent + 2
        pieces = wrap(f"{label}  {text}".strip(), self._room(hanging))
        starts_with_label = pieces[0].startswith(label)
        first = [Span(label, "strong"), Span(pieces[0][len(label) :], style)]
        lines: list[StyledLine] = [
            [
                Span(" " * indent),
                glyph,
                Span(" "),
                *(first if starts_with_label else [Span(pieces[0], style)]),
            ]
        ]
        return [*lines, *([Span(" " * hanging), Span(piece, style)] for piece in pieces[1:])]

    def words(self, text: str, *, style: Style = "plain", indent: int = 0) -> list[StyledLine]:
        """Return a text over several lines, all of them indented."""
        pieces = wrap(safe_text(text).expandtabs(4), self._room(indent))
        return [[Span(" " * indent if piece else ""), Span(piece, style)] for piece in pieces]

    def _room(self, indent: int) -> int | None:
        return None if self.width is None else max(self.width - indent, 20)
