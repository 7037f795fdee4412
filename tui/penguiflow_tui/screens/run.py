"""The Run screen: talk to the agent, watch its steps, answer what it asks.

Messages of the panes become calls of the session here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.binding import BindingType
from textual.worker import Worker, WorkerState

from penguiflow._clock import MonotonicClock
from penguiflow.llm.errors import LLMError
from penguiflow.planner.approvals import Decision, DecisionError
from penguiflow.safe_text import safe_text
from penguiflow.sessions.results import SessionError
from penguiflow.state.events import JsonObject
from penguiflow_tui.chat_messages import AttentionWanted, DecisionMade, EditChecked, QuestionSubmitted
from penguiflow_tui.feed import SessionFeed
from penguiflow_tui.key_guard import may_take_focus
from penguiflow_tui.keys import bindings_of, shown_key
from penguiflow_tui.ports import Session, ToolDesk
from penguiflow_tui.prints import Prints
from penguiflow_tui.screens.panes import PanesScreen
from penguiflow_tui.startup import Loading, Ready
from penguiflow_tui.widgets.card_texts import CardRequest
from penguiflow_tui.widgets.composer import Composer

_ERROR_CHARS = 400


class RunScreen(PanesScreen):
    """Shows one session. `attach` gives it one, `detach` takes it away."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("run")]
    AUTO_FOCUS = "Composer"

    def __init__(self, *, project: str, prints: Prints, ticks: MonotonicClock) -> None:
        self._prints = prints
        self._card_wants_focus = False
        self._session: Session | None = None
        self._composer = Composer(clock=ticks, id="composer")
        super().__init__(
            project=project,
            startup=Loading(progress="starting"),
            foot=self._composer,
            ticks=ticks,
        )

    # What the application calls

    @property
    def works(self) -> bool:
        """Whether a run works now, so that leaving would interrupt it."""
        return self.state.activity in ("thinking", "running_tool")

    def attach(self, session: Session) -> None:
        """Show this session from now on, and connect its tools."""
        self._session = session
        self.follow(SessionFeed(session), session)
        self._start_session(session)

    def detach(self) -> None:
        """Show no session."""
        self._session = None
        self.forget()

    # From the session to the panes

    def before_pull(self) -> None:
        if self._card_wants_focus:
            self._offer_focus()
        if self._session is not None:
            self._prints.record_in(self._session)

    def show_status(self) -> None:
        ready = self._startup if isinstance(self._startup, Ready) else None
        self._status.show(
            self.state,
            title=self._project,
            model=None if ready is None else ready.model,
            lag_ms=self.lag_ms,
            is_starting=isinstance(self._startup, Loading),
        )

    def after_card(self, request: CardRequest | None, *, is_new: bool, had_focus: bool) -> None:
        if is_new:
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
        if self._session is None:
            self._refuse(message.text, "The agent is not loaded yet; your text stays here.")
        elif self.works:
            stop = shown_key("interrupt")
            self._refuse(message.text, f"The agent is working; {stop} stops it. Your text stays here.")
        else:
            self._transcript.follow()
            self._ask(self._session, message.text)

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
        if self._session is not None:
            self._decide(self._session, message.request_id, message.decision)

    @work(group="run", exit_on_error=False)
    async def _decide(self, session: Session, request_id: str, decision: Decision) -> None:
        try:
            await session.decide(request_id, decision)
        except (SessionError, DecisionError) as exc:
            self._card.show_problem(request_id, safe_text(str(exc), max_chars=_ERROR_CHARS))

    def on_edit_checked(self, message: EditChecked) -> None:
        if self._session is None:
            return
        if message.submit:
            self._submit_edit(self._session, message.request_id, message.args)
        else:
            self._check_edit(self._session, message.request_id, message.args)

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

    @property
    def desk(self) -> ToolDesk | None:
        return None if self._session is None else self._session.tools

    @work(group="interrupt", exclusive=True, exit_on_error=False)
    async def _interrupt(self, session: Session) -> None:
        await session.interrupt()

    def action_interrupt(self) -> None:
        if self._session is not None and self.works:
            self._interrupt(self._session)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        error = event.worker.error  # pyright: ignore[reportUnknownMemberType] - bare `Worker` in Textual
        if event.state is WorkerState.ERROR and error is not None and self._session is not None:
            # Beside `TellsFailures`, whose handler Textual calls as well.
            self._session.record_output("stderr", f"{type(error).__name__}: {error}")

    def _say(self, text: str) -> None:
        self.notify(safe_text(text, max_chars=_ERROR_CHARS), severity="warning", markup=False, timeout=5)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "show_card":
            return bool(self.state.pending)
        if action == "interrupt":
            return self.works
        return True

    def action_show_card(self) -> None:
        self.pane = "chat"
        self._card.unfold()
