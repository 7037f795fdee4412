"""The tools of one connection, a line each. However many there are, only visible lines are formatted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import var
from textual.scroll_view import ScrollView
from textual.strip import Strip

from penguiflow_tui.keys import bindings_of
from penguiflow_tui.messages import ToolTried
from penguiflow_tui.model.tool_entries import ToolEntry, tool_line
from penguiflow_tui.styles import styles_beside

_NAME_CELLS = 24


class ToolList(ScrollView, can_focus=True):
    """A list with a cursor. Posts `ToolTried` for the tool under it, and `Moved` when it moves."""

    DEFAULT_CSS = styles_beside(__file__)
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "tool-list--cursor",
        "tool-list--plain",
        "tool-list--muted",
        "tool-list--success",
        "tool-list--warning",
    }
    BINDINGS = bindings_of("tool_list")
    BORDER_TITLE = "Tools"

    cursor: var[int] = var(0)
    """The place of the tool under the cursor."""

    class Moved(Message):
        """Another tool, or none, is under the cursor."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._entries: Sequence[ToolEntry] = ()
        self._empty = ""

    # What the screen calls

    def show(self, entries: Sequence[ToolEntry], *, title: str, empty: str) -> None:
        """Show these tools, the cursor on the same one as before; `empty` says why there are none."""
        before = self.selected
        self._entries, self._empty = entries, empty
        names = [entry.own_name for entry in entries] if before is not None else []
        self.cursor = names.index(before.own_name) if before is not None and before.own_name in names else 0
        self.border_title = Content(title)
        self.virtual_size = Size(0, len(entries))
        self._keep_in_sight()
        self.refresh()
        self.post_message(self.Moved())

    @property
    def selected(self) -> ToolEntry | None:
        """The tool under the cursor."""
        return self._entries[self.cursor] if self.cursor < len(self._entries) else None

    # Drawing

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        place = self.scroll_offset.y + y
        if place < len(self._entries):
            return self._line(place, width)
        if y == 0 and not self._entries:
            return Strip(
                [Segment(self._empty, self.get_component_rich_style("tool-list--muted"))]
            ).crop_extend(0, width, self.rich_style)
        return Strip.blank(width, self.rich_style)

    def _line(self, place: int, width: int) -> Strip:
        line = tool_line(self._entries[place])
        tone = line.mark.tone if line.mark.tone in ("success", "warning") else "muted"
        parts = (
            (f"{line.mark.glyph} ", tone),
            (f"{line.name:<{_NAME_CELLS}} ", "plain"),
            (f"{line.arguments}  {line.description}", "muted"),
        )
        cursor = self.get_component_rich_style("tool-list--cursor") if place == self.cursor else None
        styles = [self.get_component_rich_style(f"tool-list--{name}") for _, name in parts]
        segments = [
            Segment(text, style if cursor is None else style + cursor)
            for (text, _), style in zip(parts, styles, strict=True)
        ]
        return Strip(segments).crop_extend(0, width, cursor or self.rich_style)

    # Moving

    def watch_cursor(self, old: int, new: int) -> None:
        self._keep_in_sight()
        self.refresh()
        if old != new:
            self.post_message(self.Moved())

    def _keep_in_sight(self) -> None:
        row = Region(0, self.cursor, 1, 1)
        self.scroll_to_region(row, animate=False, force=True, immediate=True)

    def on_resize(self) -> None:
        self._keep_in_sight()

    def on_click(self, event: events.Click) -> None:
        place = event.get_content_offset(self)
        if place is not None:
            self._move_to(self.scroll_offset.y + place.y)

    def _move_to(self, place: int) -> None:
        self.cursor = max(0, min(place, len(self._entries) - 1))

    def action_move(self, rows: int) -> None:
        self._move_to(self.cursor + rows)

    def action_page(self, pages: int) -> None:
        self._move_to(self.cursor + pages * max(1, self.scrollable_content_region.height - 1))

    def action_first(self) -> None:
        self._move_to(0)

    def action_last(self) -> None:
        self._move_to(len(self._entries) - 1)

    def action_try(self) -> None:
        if self.selected is not None:
            self.post_message(ToolTried(self.selected))
