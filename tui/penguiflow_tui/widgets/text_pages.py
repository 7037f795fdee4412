"""A text of any length under headings, wrapped to its pane. Only rows that are visible are drawn."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from penguiflow_tui.chat_messages import CopyRequested
from penguiflow_tui.keys import bindings_of
from penguiflow_tui.model.whole_text import WholeSection
from penguiflow_tui.styles import styles_beside
from penguiflow_tui.wrapped_rows import wrapped

_TAB = "    "


class _Line(NamedTuple):
    text: str
    is_heading: bool = False


class _Row(NamedTuple):
    line: int
    start: int
    end: int


class TextPages(ScrollView, can_focus=True):
    """Shows sections one below the other; scrolls, jumps between them and copies all of it."""

    DEFAULT_CSS = styles_beside(__file__)
    COMPONENT_CLASSES: ClassVar[set[str]] = {"text-pages--heading", "text-pages--text"}
    BINDINGS = bindings_of("pages")
    ALLOW_SELECT = True

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: list[_Line] = []
        self._rows: list[_Row] = []
        self._heading_rows: list[int] = []
        self._wrapped_cells = 0

    # What the screen calls

    def show(self, sections: Sequence[WholeSection]) -> None:
        """Show `sections` from their beginning."""
        self._lines = []
        for section in sections:
            gap = [_Line("")] if self._lines else []
            text = section.text.replace("\t", _TAB).split("\n")
            self._lines += [*gap, _Line(section.heading, is_heading=True), *map(_Line, text)]
        self._wrapped_cells = 0
        self._wrap()
        self.scroll_home(animate=False)

    @property
    def row_count(self) -> int:
        """How many rows there are at the present width."""
        return len(self._rows)

    # Drawing

    def _wrap(self) -> None:
        cells = self.scrollable_content_region.width
        if cells == self._wrapped_cells or not cells:
            return
        self._wrapped_cells = cells
        self._rows = [
            _Row(place, start, end)
            for place, line in enumerate(self._lines)
            for start, end in wrapped(line.text, cells)
        ]
        self._heading_rows = [
            row
            for row, (line, start, _) in enumerate(self._rows)
            if self._lines[line].is_heading and not start
        ]
        self.virtual_size = Size(cells, len(self._rows))
        self._show_place()
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        self._wrap()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._show_place()

    def _show_place(self) -> None:
        last = min(len(self._rows), self.scroll_offset.y + self.scrollable_content_region.height)
        self.border_subtitle = f"line {last:,} of {len(self._rows):,}" if self._rows else None

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        index = self.scroll_offset.y + y
        if index >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        text, is_heading = self._row_text(index)
        style = self.get_component_rich_style("text-pages--heading" if is_heading else "text-pages--text")
        strip = Strip([Segment(text, style)])
        selection = self.text_selection
        span = None if selection is None else selection.get_span(index)
        if span is not None:
            strip = self._with_selection(strip, span)
        return strip.crop_extend(0, width, self.rich_style).apply_offsets(0, index)

    def _row_text(self, index: int) -> tuple[str, bool]:
        row = self._rows[index]
        line = self._lines[row.line]
        return line.text[row.start : row.end], line.is_heading

    def _with_selection(self, strip: Strip, span: tuple[int, int]) -> Strip:
        start = strip.index_to_cell_position(span[0])
        end = strip.cell_length if span[1] == -1 else strip.index_to_cell_position(span[1])
        selected = self.screen.get_component_rich_style("screen--selection")
        inside = [
            Segment(part.text, part.style + selected if part.style else selected)
            for part in strip.crop(start, end)
        ]
        return Strip([*strip.crop(0, start), *inside, *strip.crop(end)])

    # Selecting, copying, moving

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        first = 0 if selection.start is None else selection.start.y
        last = len(self._rows) - 1 if selection.end is None else min(selection.end.y, len(self._rows) - 1)
        pieces: list[str] = []
        for index in range(first, last + 1):
            span = selection.get_span(index)
            if span is not None:
                text, _ = self._row_text(index)
                pieces.append(text[span[0] : None if span[1] == -1 else span[1]])
                # A row that was broken at a space goes on without a line end.
                pieces.append("\n" if self._ends_line(index) else " " * self._broke_at_space(index))
        return "".join(pieces[:-1]), "\n"

    def _ends_line(self, index: int) -> bool:
        return index + 1 == len(self._rows) or self._rows[index + 1].line != self._rows[index].line

    def _broke_at_space(self, index: int) -> bool:
        return self._rows[index + 1].start > self._rows[index].end

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()

    def action_copy(self) -> None:
        if self._lines:
            self.post_message(CopyRequested("\n".join(line.text for line in self._lines)))

    def action_section(self, step: int) -> None:
        """Go to the heading after, or before, the row at the top."""
        at = self.scroll_offset.y
        place = bisect_right(self._heading_rows, at) + (0 if step > 0 else -1)
        if step < 0 and 0 <= place < len(self._heading_rows) and self._heading_rows[place] == at:
            place -= 1
        if 0 <= place < len(self._heading_rows):
            self.scroll_to(y=self._heading_rows[place], animate=False, force=True)
