"""The panes on one session, live or recorded: chat, trajectory, detail, tools, event log, status.

One timer pulls the feed; what is new becomes one frozen state, and each pane is handed its part of it. A
screen that builds on this gives it the foot of the chat column, where a person acts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.reactive import var
from textual.widget import Widget
from textual.widgets import Footer

from penguiflow._clock import MonotonicClock
from penguiflow.state.events import TextStreamed
from penguiflow_tui.feed import Feed
from penguiflow_tui.keys import bindings_of
from penguiflow_tui.lag import Lag
from penguiflow_tui.messages import ConnectionOpened, EventSelected, WholeTextWanted
from penguiflow_tui.model import EMPTY, WorkbenchState
from penguiflow_tui.ports import ContentSource, ToolDesk
from penguiflow_tui.screens.connection_actions import ConnectionActions
from penguiflow_tui.startup import Startup
from penguiflow_tui.styles import styles_beside
from penguiflow_tui.widgets.approval_card import ApprovalCard
from penguiflow_tui.widgets.card_texts import CardRequest
from penguiflow_tui.widgets.event_log import EventLog
from penguiflow_tui.widgets.pane_tabs import PANES, Pane, PaneTabs
from penguiflow_tui.widgets.side_panes import SidePanes
from penguiflow_tui.widgets.status_line import StatusLine
from penguiflow_tui.widgets.transcript import Transcript
from penguiflow_tui.worker_failures import TellsFailures

PULL_S = 0.05


class PanesScreen(TellsFailures, ConnectionActions):
    """Shows what its feed tells; `follow` gives it one, `forget` takes it away."""

    DEFAULT_CSS = styles_beside(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("panes")]
    # Textual declares these two in a way that refuses `ClassVar`.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012

    pane: var[Pane] = var[Pane]("chat", init=False)
    """The pane that a narrow screen shows; a wide one shows all of them."""

    def __init__(
        self,
        *,
        project: str,
        startup: Startup,
        foot: Widget,
        ticks: MonotonicClock,
        is_recorded: bool = False,
    ) -> None:
        super().__init__(classes="-pane-chat")
        self._project = project
        self._startup = startup
        self._ticks = ticks
        self._lag = Lag(period_s=PULL_S)
        self._feed: Feed | None = None
        self._contents: ContentSource | None = None
        self._status = StatusLine(id="status")
        self._tabs = PaneTabs(id="tabs")
        self._transcript = Transcript(startup, id="transcript")
        self._card = ApprovalCard(clock=ticks, is_recorded=is_recorded, id="card")
        self._foot = foot
        self._side = SidePanes(is_recorded=is_recorded, id="right")
        self._log = EventLog(id="log")

    def compose(self) -> ComposeResult:
        yield self._status
        yield self._tabs
        with Horizontal(id="columns"):
            with Vertical(id="left"):
                yield self._transcript
                yield self._card
                yield self._foot
            yield self._side
        yield self._log
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._show_state(EMPTY)
        self.set_interval(PULL_S, self._tick)

    # What the application calls

    @property
    def state(self) -> WorkbenchState:
        """What is known about the session."""
        return EMPTY if self._feed is None else self._feed.state

    @property
    def lag_ms(self) -> float:
        """How late the event loop was of late; 0 when it was not."""
        return self._lag.shown_ms

    def show_startup(self, startup: Startup) -> None:
        """Show what stands in the chat while there is nothing else to show."""
        self._startup = startup
        self._transcript.show_startup(startup)
        self.show_status()

    # What a screen that builds on this calls, or does in its own way

    def follow(self, feed: Feed, contents: ContentSource) -> None:
        """Show this feed from now on; `contents` keeps the large texts of its events."""
        self._feed = feed
        self._contents = contents

    def forget(self) -> None:
        """Show nothing."""
        self._feed = None
        self._contents = None
        self.clear_panes()

    def clear_panes(self) -> None:
        """Show the feed anew, from its next event on."""
        self._transcript.clear()
        self._log.clear()
        self._side.clear()
        self._show_state(EMPTY)

    def before_pull(self) -> None:
        """Do what is due at each tick; called while there is a feed."""

    def after_card(self, request: CardRequest | None, *, is_new: bool, had_focus: bool) -> None:
        """Do what another request, or the end of one, asks for."""

    def show_status(self) -> None:
        """Show the status line."""
        raise NotImplementedError

    # From the feed to the panes

    def _tick(self) -> None:
        before = self._lag
        self._lag = before.tick(self._ticks())
        if self._feed is not None:
            self.before_pull()
            new = self._feed.pull()
            if new:
                # Streamed text stands in the chat and the detail; as lines it would bury what happened.
                self._log.append([event for event in new if not isinstance(event.body, TextStreamed)])
                self._show_state(self._feed.state)
                return
        if self._lag.shown_ms != before.shown_ms:
            self.show_status()

    def _show_state(self, state: WorkbenchState) -> None:
        self._transcript.show(state.runs)
        self._side.show(state)
        self._show_card(state)
        self._tabs.show(self.pane, waiting=len(state.pending))
        self.show_status()
        self.refresh_bindings()

    def _show_card(self, state: WorkbenchState) -> None:
        request = None
        if state.pending:
            asked = state.pending[0].asked
            run = next(run for run in state.runs if run.run_id == state.pending[0].run_id)
            request = CardRequest(asked=asked, agent=run.agent, place=1, waiting=len(state.pending))
        had_focus = self._card.has_focus_within
        is_new = self._card.show(request)
        self.after_card(request, is_new=is_new, had_focus=had_focus)

    # Between the panes

    def on_event_selected(self, message: EventSelected) -> None:
        self._side.select(message.event)
        self.action_show_pane("steps")

    def on_whole_text_wanted(self, message: WholeTextWanted) -> None:
        from penguiflow_tui.screens.pager import PagerScreen  # noqa: PLC0415 - not for the first paint

        self.app.push_screen(  # pyright: ignore[reportUnknownMemberType] - bare `App` in Textual
            PagerScreen(message.title, message.parts, self._contents)
        )

    @property
    def desk(self) -> ToolDesk | None:
        return None

    def on_connection_opened(self, message: ConnectionOpened) -> None:
        message.stop()
        self.show_tools(message.name)

    def show_tools(self, connection: str | None = None) -> None:
        """Show the connections, and the tools of this one, over the whole screen."""
        from penguiflow_tui.screens.tools import ToolsScreen  # noqa: PLC0415 - not for the first paint

        screen = ToolsScreen(lambda: self.state, desk=self.desk, contents=self._contents, go_to=connection)
        self.app.push_screen(screen)  # pyright: ignore[reportUnknownMemberType] - bare `App` in Textual

    def action_show_pane(self, pane: Pane) -> None:
        self.pane = pane
        self._first_of(pane).focus()

    def action_pane(self, step: int) -> None:
        order = [widget for widget in self._pane_order() if widget is not self._card or widget.display]
        here = next((place for place, widget in enumerate(order) if widget.has_focus_within), 0)
        target = order[(here + step) % len(order)]
        self.pane = self._pane_of(target)
        target.focus()

    def _pane_order(self) -> Sequence[Widget]:
        return (self._foot, self._card, self._transcript, *self._side.panes, self._log)

    def _pane_of(self, widget: Widget) -> Pane:
        if widget is self._log:
            return "log"
        if widget in self._side.panes:
            return "tools" if widget is self._side.panes[-1] else "steps"
        return "chat"

    def _first_of(self, pane: Pane) -> Widget:
        if pane == "chat":
            return self._foot
        return next(widget for widget in self._pane_order() if self._pane_of(widget) == pane)

    def watch_pane(self, pane: Pane) -> None:
        for each in PANES:
            self.set_class(each == pane, f"-pane-{each}")
        self._tabs.show(pane, waiting=len(self.state.pending))
