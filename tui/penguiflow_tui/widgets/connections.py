"""The tool connections: state, tools, latency, and for one that failed why and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import var
from textual.widgets import Static

from penguiflow_tui.keys import bindings_of
from penguiflow_tui.messages import (
    ConnectionMoved,
    ConnectionOpened,
    ConnectionRetried,
    ConnectionToggled,
    ReviewWanted,
    SignInWanted,
)
from penguiflow_tui.model.select import ConnectionRow, connection_row
from penguiflow_tui.model.state import ConnectionView
from penguiflow_tui.styles import styles_beside
from penguiflow_tui.tones import MUTED, TONE_STYLES

_EMPTY = "This agent has no tool connections."
_EMPTY_RECORDED = "No tool connections were recorded."
_LIVE_ACTIONS = ("retry", "switch", "sign_in", "review")


class ConnectionItem(Static):
    """One connection: a line, and below it the error and the hint of one that failed."""

    def __init__(self, connection: ConnectionView) -> None:
        super().__init__(markup=False)
        self.connection = connection
        self._draw()

    def show(self, connection: ConnectionView) -> None:
        """Show another state of the same connection."""
        if connection is not self.connection:
            self.connection = connection
            self._draw()

    def _draw(self) -> None:
        self.update(connection_content(connection_row(self.connection)))


class Connections(VerticalScroll, can_focus=True):
    """A list with a cursor. Posts what a person wants of a connection; one that `is_recorded` only opens."""

    DEFAULT_CSS = styles_beside(__file__)
    BINDINGS = bindings_of("connections")

    cursor: var[int] = var(0)
    """The place of the connection under the cursor."""

    def __init__(self, *, is_recorded: bool = False, title: str = "Tools", id: str | None = None) -> None:
        super().__init__(id=id)
        self._is_recorded = is_recorded
        self.border_title = self._title = title
        self._items: list[ConnectionItem] = []
        self._empty = Static(
            _EMPTY_RECORDED if is_recorded else _EMPTY, markup=False, classes="connections--empty"
        )

    def compose(self) -> ComposeResult:
        yield self._empty

    def show(self, connections: Sequence[ConnectionView]) -> None:
        """Show these connections; those that are the same values as before are not drawn again."""
        for item, connection in zip(self._items, connections, strict=False):
            item.show(connection)
        added = [ConnectionItem(connection) for connection in connections[len(self._items) :]]
        if added:
            self._items += added
            self.mount_all(added)
        for item in self._items[len(connections) :]:
            item.remove()
        del self._items[len(connections) :]
        self._empty.display = not self._items
        self._show_ready(connections)
        self.cursor = min(self.cursor, max(0, len(self._items) - 1))
        self._mark_cursor()

    def _show_ready(self, connections: Sequence[ConnectionView]) -> None:
        ready = sum(connection.state == "ready" for connection in connections)
        counted = f"{self._title} {ready}/{len(connections)} ready"
        self.border_title = counted if connections else self._title

    def watch_cursor(self) -> None:
        self._mark_cursor()
        self.refresh_bindings()
        self.post_message(ConnectionMoved())
        if self._items:
            self.scroll_to_widget(self._items[self.cursor], animate=False)

    def _mark_cursor(self) -> None:
        for place, item in enumerate(self._items):
            item.set_class(place == self.cursor, "-cursor")

    def on_click(self, event: events.Click) -> None:
        for place, item in enumerate(self._items):
            if event.widget is item:
                self.cursor = place

    def action_move(self, rows: int) -> None:
        if self._items:
            self.cursor = min(max(0, self.cursor + rows), len(self._items) - 1)

    @property
    def selected(self) -> ConnectionView | None:
        """The connection under the cursor."""
        return self._items[self.cursor].connection if self._items else None

    def go_to(self, name: str) -> None:
        """Put the cursor on the connection of this name, if there is one."""
        names = [item.connection.name for item in self._items]
        if name in names:
            self.cursor = names.index(name)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action not in _LIVE_ACTIONS:
            return True
        selected = self.selected
        if self._is_recorded or selected is None:
            return False
        match action:
            case "retry":
                return selected.state != "disabled"
            case "sign_in":
                return selected.state == "needs_auth"
            case "review":
                return bool(selected.held_back)
            case _:
                return True

    def action_open(self) -> None:
        if (selected := self.selected) is not None:
            self.post_message(ConnectionOpened(selected.name))

    def action_retry(self) -> None:
        if (selected := self.selected) is not None:
            self.post_message(ConnectionRetried(selected.name))

    def action_switch(self) -> None:
        if (selected := self.selected) is not None:
            self.post_message(ConnectionToggled(selected.name, enabled=selected.state == "disabled"))

    def action_sign_in(self) -> None:
        if (selected := self.selected) is not None:
            self.post_message(SignInWanted(selected.name))

    def action_review(self) -> None:
        if (selected := self.selected) is not None:
            self.post_message(ReviewWanted(selected.name))


def connection_content(row: ConnectionRow) -> Content:
    """Return the lines of a connection as text with its own styles."""
    parts: list[tuple[str, str]] = [
        (f"{row.mark.glyph} ", TONE_STYLES[row.mark.tone]),
        (row.name, "bold"),
        (f"  {row.mark.word}", TONE_STYLES[row.mark.tone]),
    ]
    if row.notice is not None:
        parts.append((f"  ⚠ {row.notice}", TONE_STYLES["warning"]))
    parts.append((f"  {row.detail}", MUTED))
    if row.error is not None:
        parts.append((f"\n  {row.error}", TONE_STYLES[row.mark.tone]))
    if row.hint is not None:
        parts.append((f"\n  {row.hint}", ""))
    return Content.assemble(*parts)


if __name__ == "__main__":
    from penguiflow_tui.widgets.alone import AloneApp, sample_state

    AloneApp(Connections(), lambda pane: pane.show(sample_state().connections)).run()
