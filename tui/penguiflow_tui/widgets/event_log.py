"""Every event of the session, one line each, however many there are.

Only lines that are visible are formatted; adding events sets one size and asks for one repaint. The view
follows the end only while its cursor is on the last line; otherwise the border counts what is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.cache import LRUCache
from textual.content import Content
from textual.geometry import Region, Size
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from penguiflow.state.events import RunEvent
from penguiflow_tui.chat_messages import CopyRequested
from penguiflow_tui.keys import bindings_of
from penguiflow_tui.messages import EventSelected
from penguiflow_tui.model.event_line import SUMMARY_CHARS, EventLine, event_line
from penguiflow_tui.model.event_ring import EventRing
from penguiflow_tui.styles import styles_beside

CAPACITY = 100_000
_KIND_CELLS = 12
_LINE_CELLS = 12 + 1 + 2 + _KIND_CELLS + SUMMARY_CHARS
_EMPTY_LINE = "Events appear here when the agent works."


class EventLog(ScrollView, can_focus=True):
    """A log of raw events with a cursor. Enter opens the event under the cursor."""

    DEFAULT_CSS = styles_beside(__file__)
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "event-log--cursor",
        "event-log--plain",
        "event-log--muted",
        "event-log--active",
        "event-log--success",
        "event-log--warning",
        "event-log--error",
    }
    BINDINGS = bindings_of("log")
    BORDER_TITLE = "Events"
    ALLOW_SELECT = True

    cursor: var[int] = var(-1)
    """The number of the event under the cursor, or -1 while there is none."""

    follows: var[bool] = var(True)
    """Whether the cursor stays on the last event as more arrive."""

    def __init__(self, *, capacity: int = CAPACITY, id: str | None = None) -> None:
        super().__init__(id=id)
        self._ring = EventRing(capacity)
        self._strips: LRUCache[tuple[int, int, int, bool], Strip] = LRUCache(1024)
        self._seen = 0  # the number of the first event that arrived since the view left the end

    # What the screen calls

    def append(self, new: Sequence[RunEvent]) -> None:
        """Add `new` to the end."""
        if not new:
            return
        dropped = self._ring.extend(new)
        self.virtual_size = Size(_LINE_CELLS, len(self._ring))
        if self.follows:
            self.cursor = self._ring.end - 1
            self._scroll_to_end()
        else:
            self.cursor = max(self.cursor, self._ring.first)
            if dropped:  # what the person reads stays where it is
                self.scroll_to(y=self.scroll_offset.y - dropped, animate=False)
        self._show_counts()
        self.refresh()

    def clear(self) -> None:
        """Forget all events: another session is shown."""
        self._ring.clear()
        self._strips.clear()
        self._seen = 0
        self.follows = True
        self.cursor = -1
        self.virtual_size = Size(_LINE_CELLS, 0)
        self._show_counts()
        self.refresh()

    @property
    def unseen(self) -> int:
        """How many events arrived since the view left the end."""
        return 0 if self.follows else max(0, self._ring.end - max(self._seen, self._ring.first))

    @property
    def event_count(self) -> int:
        """How many events the log was given since it was cleared."""
        return self._ring.end

    # Drawing

    def render_line(self, y: int) -> Strip:
        scroll_x, scroll_y = self.scroll_offset
        width = self.scrollable_content_region.width
        index = self._ring.first + scroll_y + y
        event = self._ring.at(index)
        if event is None:
            return self._blank(y, width)
        is_cursor = index == self.cursor
        selection = self.text_selection
        if selection is not None:
            strip = self._selected_strip(event_line(event), index, selection)
            return strip.crop_extend(scroll_x, scroll_x + width, self.rich_style).apply_offsets(
                scroll_x, index
            )
        key = (index, scroll_x, width, is_cursor)
        drawn = self._strips.get(key)
        if drawn is None:
            fill = self._style("plain", is_cursor)
            strip = Strip(self._segments(event_line(event), is_cursor))
            drawn = strip.crop_extend(scroll_x, scroll_x + width, fill).apply_offsets(scroll_x, index)
            self._strips[key] = drawn
        return drawn

    def _blank(self, y: int, width: int) -> Strip:
        if y == 0 and not self._ring:
            style = self._style("muted", is_cursor=False)
            return Strip([Segment(_EMPTY_LINE, style)]).crop_extend(0, width, style)
        return Strip.blank(width, self.rich_style)

    def _style(self, tone: str, is_cursor: bool) -> Style:
        style = self.get_component_rich_style(f"event-log--{tone}")
        return style + self.get_component_rich_style("event-log--cursor") if is_cursor else style

    def _segments(self, line: EventLine, is_cursor: bool) -> list[Segment]:
        muted, tone = self._style("muted", is_cursor), self._style(line.tone, is_cursor)
        summary = tone if line.tone in ("error", "muted") else self._style("plain", is_cursor)
        return [
            Segment(f"{line.time} ", muted),
            Segment(f"{line.glyph} {line.kind:<{_KIND_CELLS}}", tone),
            Segment(line.summary, summary),
        ]

    def _selected_strip(self, line: EventLine, index: int, selection: Selection) -> Strip:
        strip = Strip(self._segments(line, is_cursor=False))
        span = selection.get_span(index)
        if span is None:
            return strip
        start = strip.index_to_cell_position(span[0])
        end = strip.cell_length if span[1] == -1 else strip.index_to_cell_position(span[1])
        selected = self.screen.get_component_rich_style("screen--selection")
        inside = [Segment(part.text, (part.style or Style()) + selected) for part in strip.crop(start, end)]
        return Strip([*strip.crop(0, start), *inside, *strip.crop(end)])

    def _show_counts(self) -> None:
        count = Content(f"Events {self._ring.end:,}" if self._ring.end else "Events")
        self.border_title = count
        self.border_subtitle = Content(f"{self.unseen:,} new · End") if self.unseen else None

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    # Selecting and copying

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        first = self._ring.first if selection.start is None else selection.start.y
        last = self._ring.end - 1 if selection.end is None else selection.end.y
        lines: list[str] = []
        for index in range(max(first, self._ring.first), min(last, self._ring.end - 1) + 1):
            span = selection.get_span(index)
            if span is not None:
                text = self._plain(index)
                lines.append(text[span[0] : None if span[1] == -1 else span[1]])
        return "\n".join(lines), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()

    def _plain(self, index: int) -> str:
        event = self._ring.at(index)
        if event is None:
            return ""
        line = event_line(event)
        return f"{line.time} {line.glyph} {line.kind:<{_KIND_CELLS}}{line.summary}"

    # Moving

    def watch_cursor(self, old: int, new: int) -> None:
        for index in (old, new):
            if index >= 0:
                self.refresh_line(index - self._ring.first)

    def watch_follows(self, follows: bool) -> None:
        self._seen = self._ring.end
        self._show_counts()

    def _move_to(self, index: int) -> None:
        if not self._ring:
            return
        self.cursor = min(max(index, self._ring.first), self._ring.end - 1)
        self.follows = self.cursor == self._ring.end - 1
        row = Region(self.scroll_offset.x, self.cursor - self._ring.first, 1, 1)
        self.scroll_to_region(row, animate=False, force=True, immediate=True)

    def _scroll_to_end(self) -> None:
        if not self.is_vertical_scrollbar_grabbed:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(new_value) < round(old_value) and not self.is_vertical_scroll_end:
            self.follows = False
        elif self.is_vertical_scroll_end and self._ring:
            self.follows = True

    def on_resize(self, event: events.Resize) -> None:
        if self.follows:
            self._scroll_to_end()

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is not None:
            self._move_to(self._ring.first + self.scroll_offset.y + place.y)

    def action_move(self, rows: int) -> None:
        self._move_to(self.cursor + rows)

    def action_page(self, pages: int) -> None:
        self._move_to(self.cursor + pages * max(1, self.scrollable_content_region.height - 1))

    def action_first(self) -> None:
        self._move_to(self._ring.first)

    def action_last(self) -> None:
        self._move_to(self._ring.end - 1)
        self._scroll_to_end()

    def action_open(self) -> None:
        event = self._ring.at(self.cursor)
        if event is not None:
            self.post_message(EventSelected(event, self.cursor))

    def action_copy(self) -> None:
        if text := self._plain(self.cursor):
            self.post_message(CopyRequested(text))


if __name__ == "__main__":
    from penguiflow_tui.sample_run import sample_events
    from penguiflow_tui.widgets.alone import AloneApp

    AloneApp(EventLog(), lambda log: log.append(sample_events())).run()
