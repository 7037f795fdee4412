"""The tool connections over the whole screen: how each stands, what it offers, and a form to call a tool."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer, Input

from penguiflow.sessions.results import SessionError
from penguiflow.state.errors import StoreError
from penguiflow_tui.keys import bindings_of, shown_key
from penguiflow_tui.messages import ConnectionMoved, ConnectionOpened, ToolTried
from penguiflow_tui.model import WorkbenchState
from penguiflow_tui.model.connection_detail import connection_detail
from penguiflow_tui.model.state import ConnectionView
from penguiflow_tui.model.tool_entries import ToolEntry, matching_tools, tool_detail, tool_entries
from penguiflow_tui.ports import ContentSource, ToolDesk
from penguiflow_tui.screens.connection_actions import ConnectionActions
from penguiflow_tui.styles import styles_beside
from penguiflow_tui.widgets.connections import Connections
from penguiflow_tui.widgets.detail_pane import DetailPane
from penguiflow_tui.widgets.text_fields import LineField
from penguiflow_tui.widgets.tool_list import ToolList
from penguiflow_tui.worker_failures import TellsFailures

_FOLLOW_S = 0.1
_NOTHING = "Select a connection or a tool to see all of it."


class ToolsScreen(TellsFailures, ConnectionActions):
    """Follows `state`; acts by `desk`. Without a desk, of a recording, it only shows."""

    DEFAULT_CSS = styles_beside(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("tools")]
    AUTO_FOCUS = "Connections"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - as Textual declares it

    def __init__(
        self,
        state: Callable[[], WorkbenchState],
        *,
        desk: ToolDesk | None,
        contents: ContentSource | None,
        go_to: str | None = None,
    ) -> None:
        super().__init__()
        self._state = state
        self._desk = desk
        self._contents = contents
        self._go_to = go_to
        self._shown: Sequence[ConnectionView] = ()
        self._tools_of: ConnectionView | None = None
        self._entries: Sequence[ToolEntry] = ()
        self._connections = Connections(is_recorded=desk is None, title="Connections", id="tool-connections")
        self._filter = LineField(placeholder="words to look for", id="tool-filter", select_on_focus=False)
        self._list = ToolList(id="tool-list")
        self._detail = DetailPane(empty=_NOTHING, id="tool-detail")

    def compose(self) -> ComposeResult:
        with Horizontal(id="tools-columns"):
            with Vertical(id="tools-left"):
                yield self._connections
                yield self._filter
                yield self._list
            yield self._detail
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._filter.display = False
        self._follow()
        self.set_interval(_FOLLOW_S, self._follow)
        if self._go_to is not None:
            self._connections.go_to(self._go_to)

    @property
    def desk(self) -> ToolDesk | None:
        return self._desk

    # From the state to the panes

    def _follow(self) -> None:
        connections = self._state().connections
        # The screen may be on its way out before its panes are there.
        if connections is not self._shown and self._connections.is_attached:
            self._shown = connections
            self._connections.show(connections)
            self._show_selected()
            self.refresh_bindings()

    @on(ConnectionMoved)
    def _show_selected(self) -> None:
        selected = self._connections.selected
        if selected is self._tools_of:
            return
        is_other = self._tools_of is None or selected is None or selected.name != self._tools_of.name
        self._tools_of = selected
        if is_other:
            self._entries = ()
            self._filter.value = ""
        self._show_list("reading …")
        if selected is not None:
            self._read(selected)
        self._show_detail()

    @work(group="offers", exclusive=True, exit_on_error=False)
    async def _read(self, connection: ConnectionView) -> None:
        """Read what the connection offers, and show it if the cursor is still there."""
        try:
            entries = await self._entries_of(connection)
        except (SessionError, StoreError) as exc:
            self._entries = ()
            self._show_list(f"The tools cannot be read: {exc}")
            return
        if connection is self._tools_of:
            self._entries = entries
            self._show_list(_why_no_tools(connection))

    async def _entries_of(self, connection: ConnectionView) -> Sequence[ToolEntry]:
        if self._desk is not None:
            offers = await self._desk.offers(connection.name)
            usable = self._desk.usable_tools(connection.name)
            return await asyncio.to_thread(tool_entries, connection, offers, usable)
        if connection.tools is None or self._contents is None:
            return ()
        text = await self._contents.load_content(connection.tools.content_id)
        return await asyncio.to_thread(_recorded_entries, connection, text or "[]")

    def _show_list(self, empty: str) -> None:
        shown = matching_tools(self._entries, self._filter.value)
        count = (
            f"{len(self._entries):,}"
            if len(shown) == len(self._entries)
            else f"{len(shown):,} of {len(self._entries):,}"
        )
        if self._entries and not shown:
            empty = "No tool has these words."
        self._list.show(shown, title=f"Tools {count}" if self._entries else "Tools", empty=empty)

    @on(ToolList.Moved)
    def _show_detail(self) -> None:
        entry = self._list.selected
        if self._list.has_focus and entry is not None:
            self._detail.show(tool_detail(entry))
        elif self._tools_of is not None:
            self._detail.show(connection_detail(self._tools_of))
        else:
            self._detail.show(None)

    def on_descendant_focus(self) -> None:
        self._show_detail()

    # Keys

    def on_connection_opened(self, message: ConnectionOpened) -> None:
        message.stop()
        self._list.focus()

    @on(Input.Changed, "#tool-filter")
    def _filter_list(self) -> None:
        self._show_list("")

    @on(Input.Submitted, "#tool-filter")
    def _leave_filter(self) -> None:
        self._list.focus()

    def action_filter(self) -> None:
        self._filter.display = True
        self._filter.focus()

    def action_back(self) -> None:
        if self._filter.display:
            self._filter.value = ""
            self._filter.display = False
            self._list.focus()
        elif not self._connections.has_focus:
            self._connections.focus()
        else:
            self.dismiss(None)

    def on_tool_tried(self, message: ToolTried) -> None:
        if self._desk is None or self._tools_of is None:
            self.notify("A recording calls no tools.", markup=False, timeout=4)
        elif message.tool.state == "usable":
            self._try(self._desk, self._tools_of.name, message.tool)
        elif message.tool.state == "changed":
            self.notify(
                f"It changed and is held back: {shown_key('review-tools')} on the connection shows how.",
                severity="warning",
                markup=False,
                timeout=6,
            )
        else:
            self.notify("The configuration leaves this tool out.", markup=False, timeout=4)

    def _try(self, desk: ToolDesk, connection: str, tool: ToolEntry) -> None:
        from penguiflow_tui.screens.tool_call import ToolCallScreen  # noqa: PLC0415 - rarely needed

        self.app.push_screen(ToolCallScreen(desk, connection, tool))  # pyright: ignore[reportUnknownMemberType] - bare `App` in Textual


def _recorded_entries(connection: ConnectionView, text: str) -> Sequence[ToolEntry]:
    try:
        offers: object = json.loads(text)
    except (ValueError, RecursionError):  # cut, or of another program
        return ()
    if not isinstance(offers, list):
        return ()
    return tool_entries(connection, cast("Sequence[object]", offers), None)  # JSON says no more about it


def _why_no_tools(connection: ConnectionView) -> str:
    match connection.state:
        case "ready":
            return "It offers no tools."
        case "connecting":
            return "It is connecting."
        case "disabled":
            return f"It is switched off; {shown_key('toggle-connection')} switches it on."
        case _:
            return "It is not connected."
