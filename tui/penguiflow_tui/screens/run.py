"""The Run screen: talk to the agent, watch its steps, answer what it asks.

One timer pulls the session; what is new becomes one frozen state, and each pane is handed its part of it.
Messages of the panes become calls of the session here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.reactive import var
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer
from textual.worker import Worker, WorkerState

from penguiflow._clock import MonotonicClock
from penguiflow.llm.errors import LLMError
from penguiflow.planner.approvals import Decision, DecisionError
from penguiflow.safe_text import safe_text
from penguiflow.sessions.results import SessionError
from penguiflow.state.events import JsonObject, RunEvent, TextStreamed
from penguiflow_tui.chat_messages import (
    AttentionWanted,
    DecisionMade,
    EditChecked,
    QuestionSubmitted,
    WorkFailed,
)
from penguiflow_tui.feed import SessionFeed
from penguiflow_tui.key_guard import may_take_focus
from penguiflow_tui.keys import bindings_of, shown_key
from penguiflow_tui.lag import Lag
from penguiflow_tui.messages import ConnectionRetried, EventSelected
from penguiflow_tui.model import EMPTY, WorkbenchState
from penguiflow_tui.ports import Session
from penguiflow_tui.prints import Prints
from penguiflow_tui.startup import Loading, Ready, Startup
from penguiflow_tui.styles import styles_beside
from penguiflow_tui.widgets.approval_card import ApprovalCard
from penguiflow_tui.widgets.card_texts import CardRequest
from penguiflow_tui.widgets.composer import Composer
from penguiflow_tui.widgets.event_log import EventLog
from penguiflow_tui.widgets.pane_tabs import PANES, Pane, PaneTabs
from penguiflow_tui.widgets.side_panes import SidePanes
from penguiflow_tui.widgets.status_line import StatusLine
from penguiflow_tui.widgets.transcript import Transcript

PULL_S = 0.05
_ERROR_CHARS = 400


class RunScreen(Screen[None]):
    """Shows one session. `attach` gives it one, `detach` takes it away."""

    DEFAULT_CSS = styles_beside(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("run")]
    AUTO_FOCUS = "Composer"
    # Textual declares these two in a way that refuses `ClassVar`.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012

    pane: var[Pane] = var[Pane]("chat", init=False)
    """The pane that a narrow screen shows; a wide one shows all of them."""

    def __init__(self, *, project: str, prints: Prints, ticks: MonotonicClock) -> None:
        super().__init__(classes="-pane-chat")
        self._project = project
        self._prints = prints
        self._ticks = ticks
        self._lag = Lag(period_s=PULL_S)
        self._card_wants_focus = False
        self._feed: SessionFeed | None = None
        self._startup: Startup = Loading(progress="starting")
        self._status = StatusLine(id="status")
        self._tabs = PaneTabs(id="tabs")
        self._transcript = Transcript(self._startup, id="transcript")
        self._card = ApprovalCard(clock=ticks, id="card")
        self._composer = Composer(clock=ticks, id="composer")
        self._side = SidePanes(id="right")
        self._log = EventLog(id="log")

    def compose(self) -> ComposeResult:
        yield self._status
        yield self._tabs
        with Horizontal(id="columns"):
            with Vertical(id="left"):
                yield self._transcript
                yield self._card
                yield self._composer
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
    def works(self) -> bool:
        """Whether a run works now, so that leaving would interrupt it."""
        return self.state.activity in ("thinking", "running_tool")

    @property
    def lag_ms(self) -> float:
        """How late the event loop was of late; 0 when it was not."""
        return self._lag.shown_ms

    def show_startup(self, startup: Startup) -> None:
        """Show how far loading the agent has come."""
        self._startup = startup
        self._transcript.show_startup(startup)
        self._show_status()

    def attach(self, session: Session) -> None:
        """Show this session from now on, and connect its tools."""
        self._feed = SessionFeed(session)
        self._start_session(session)

    def detach(self) -> None:
        """Show no session."""
        self._feed = None
        self._transcript.clear()
        self._log.clear()
        self._side.clear()
        self._show_state(EMPTY)

    # From the session to the panes

    def _tick(self) -> None:
        if self._card_wants_focus:
            self._offer_focus()
        before = self._lag
        self._lag = before.tick(self._ticks())
        if self._feed is not None:
            self._prints.record_in(self._feed.session)
            new = self._feed.pull()
            if new:
                # Streamed text stands in the chat and the detail; as lines it would bury what happened.
                self._log.append([event for event in new if not isinstance(event.body, TextStreamed)])
                self._show_state(self._feed.state, new)
                return
        if self._lag.shown_ms != before.shown_ms:
            self._show_status()

    def _show_state(self, state: WorkbenchState, new: Sequence[RunEvent] = ()) -> None:
        self._transcript.show(state.runs)
        self._side.show(state, new)
        self._show_card(state)
        self._tabs.show(self.pane, waiting=len(state.pending))
        self._show_status()
        self.refresh_bindings()

    def _show_status(self) -> None:
        ready = self._startup if isinstance(self._startup, Ready) else None
        self._status.show(
            self.state,
            title=self._project,
            model=None if ready is None else ready.model,
            lag_ms=self._lag.shown_ms,
            is_starting=isinstance(self._startup, Loading),
        )

    def _show_card(self, state: WorkbenchState) -> None:
        request = None
        if state.pending:
            asked = state.pending[0].asked
            run = next(run for run in state.runs if run.run_id == state.pending[0].run_id)
            request = CardRequest(asked=asked, agent=run.agent, place=1, waiting=len(state.pending))
        had_focus = self._card.has_focus_within
        if self._card.show(request):
            self.post_message(AttentionWanted())
            self._card_wants_focus = True
        elif request is None:
            self._card_wants_focus = False
            if had_focus:
                self._composer.focus()

    def _offer_focus(self) -> None:
        """Give a new card the focus once the person has stopped typing; never while there is a text."""
        composer = self._composer
        if self.is_current and may_take_focus(
            typed_text=composer.text, last_key_at=composer.last_key_at, now=self._ticks()
        ):
            self._card_wants_focus = False
            if composer.has_focus or self._card.has_focus_within:
                self._card.take_focus()

    # From the person to the session

    @work(group="start", exclusive=True, exit_on_error=False)
    async def _start_session(self, session: Session) -> None:
        await session.start()
        try:
            # Now, so that the first question does not wait for it, and a missing key is known before one.
            await session.check_model()
        except LLMError as exc:
            if isinstance(self._startup, Ready):
                trouble = f"{exc.message}\n{exc.hint}" if exc.hint else exc.message
                self.show_startup(replace(self._startup, model_trouble=trouble))

    def on_question_submitted(self, message: QuestionSubmitted) -> None:
        if self._feed is None:
            self._refuse(message.text, "The agent is not loaded yet; your text stays here.")
        elif self.works:
            stop = shown_key("interrupt")
            self._refuse(message.text, f"The agent is working; {stop} stops it. Your text stays here.")
        else:
            self._transcript.follow()
            self._ask(self._feed.session, message.text)

    def _refuse(self, question: str, why: str) -> None:
        self._composer.give_back(question)
        self._say(why)

    @work(group="run", exit_on_error=False)
    async def _ask(self, session: Session, question: str) -> None:
        try:
            await session.ask(question)
        except SessionError as exc:
            self._refuse(question, str(exc))

    def on_card_deferred(self) -> None:
        self._composer.focus()

    def on_decision_made(self, message: DecisionMade) -> None:
        if self._feed is not None:
            self._decide(self._feed.session, message.request_id, message.decision)

    @work(group="run", exit_on_error=False)
    async def _decide(self, session: Session, request_id: str, decision: Decision) -> None:
        try:
            await session.decide(request_id, decision)
        except (SessionError, DecisionError) as exc:
            self._card.show_problem(request_id, safe_text(str(exc), max_chars=_ERROR_CHARS))

    def on_edit_checked(self, message: EditChecked) -> None:
        if self._feed is None:
            return
        if message.submit:
            self._submit_edit(self._feed.session, message.request_id, message.args)
        else:
            self._check_edit(self._feed.session, message.request_id, message.args)

    @work(group="check", exclusive=True, exit_on_error=False)
    async def _check_edit(self, session: Session, request_id: str, args: JsonObject) -> None:
        await self._checked(session, request_id, args, go_there=False)

    @work(group="submit", exclusive=True, exit_on_error=False)
    async def _submit_edit(self, session: Session, request_id: str, args: JsonObject) -> None:
        if await self._checked(session, request_id, args, go_there=True):
            self._card.edit_accepted(request_id, args)

    async def _checked(self, session: Session, request_id: str, args: JsonObject, *, go_there: bool) -> bool:
        try:
            messages: Sequence[str] = await session.check_edit(request_id, args)
        except SessionError as exc:
            self._card.show_problem(request_id, safe_text(str(exc), max_chars=_ERROR_CHARS))
            return False
        self._card.show_check(request_id, tuple(messages), go_there=go_there)
        return not messages

    @work(group="reconnect", exit_on_error=False)
    async def _reconnect(self, session: Session, name: str) -> None:
        await session.reconnect(name)

    def on_connection_retried(self, message: ConnectionRetried) -> None:
        if self._feed is not None:
            self._reconnect(self._feed.session, message.name)

    @work(group="interrupt", exclusive=True, exit_on_error=False)
    async def _interrupt(self, session: Session) -> None:
        await session.interrupt()

    def action_interrupt(self) -> None:
        if self._feed is not None and self.works:
            self._interrupt(self._feed.session)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        error = event.worker.error  # pyright: ignore[reportUnknownMemberType] - bare `Worker` in Textual
        if event.state is WorkerState.ERROR and error is not None:
            self.post_message(WorkFailed(error))
            if self._feed is not None:
                self._feed.session.record_output("stderr", f"{type(error).__name__}: {error}")

    def _say(self, text: str) -> None:
        self.notify(safe_text(text, max_chars=_ERROR_CHARS), severity="warning", markup=False, timeout=5)

    # Between the panes

    def on_event_selected(self, message: EventSelected) -> None:
        self._side.select(message.event)
        self.action_show_pane("steps")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "show_card":
            return bool(self.state.pending)
        if action == "interrupt":
            return self.works
        return True

    def action_show_card(self) -> None:
        self.pane = "chat"
        self._card.unfold()

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
        return (self._composer, self._card, self._transcript, *self._side.panes, self._log)

    def _pane_of(self, widget: Widget) -> Pane:
        if widget is self._log:
            return "log"
        if widget in self._side.panes:
            return "tools" if widget is self._side.panes[-1] else "steps"
        return "chat"

    def _first_of(self, pane: Pane) -> Widget:
        if pane == "chat":
            return self._composer
        return next(widget for widget in self._pane_order() if self._pane_of(widget) == pane)

    def watch_pane(self, pane: Pane) -> None:
        for each in PANES:
            self.set_class(each == pane, f"-pane-{each}")
        self._tabs.show(pane, waiting=len(self.state.pending))
