"""The card that asks a person: what would run, who wants it and why, and the keys to decide.

It stands under the chat and never over it. Keys are taken only when they were meant (`key_guard`); Enter
and Space never approve anything. Drafts of a form or a reason survive until the request is decided.
"""

from __future__ import annotations

from typing import Literal

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.reactive import reactive
from textual.timer import Timer
from textual.widgets import Static

from penguiflow._clock import MonotonicClock, monotonic_clock
from penguiflow.planner.approvals import Approve, Decision, Edit, Reject, Respond
from penguiflow.state.events import JsonObject, PersonAsked
from penguiflow_tui.chat_messages import (
    CardDeferred,
    CopyRequested,
    DecisionMade,
    EditChecked,
    LinkOpened,
)
from penguiflow_tui.key_guard import QUIET_S, KeyGuard
from penguiflow_tui.keys import bindings_of
from penguiflow_tui.model.web_address import WebAddress
from penguiflow_tui.styles import styles_beside
from penguiflow_tui.widgets.argument_form import ArgumentForm
from penguiflow_tui.widgets.card_texts import (
    RECORDED_TEXT,
    CardRequest,
    arguments_text,
    card_title,
    folded_text,
    head_text,
    keys_text,
)
from penguiflow_tui.widgets.reply_field import ReplyField

CardMode = Literal["ask", "edit", "reply", "sent"]

_GUARDED_ACTIONS = ("approve", "edit", "reject", "defer", "open_link", "copy_link")
_FOR_EVERY_REQUEST = ("reject", "defer")
_FOR_A_CONSENT = ("approve", "open_link", "copy_link")


class ApprovalCard(VerticalScroll, can_focus=True):
    """Shows the first request that waits; hidden while none does.

    One that `is_recorded` shows a request of the past, and takes no decision.
    """

    DEFAULT_CSS = styles_beside(__file__)
    BINDINGS = bindings_of("card")

    mode: reactive[CardMode] = reactive("ask", init=False)
    folded: reactive[bool] = reactive(False, init=False)

    def __init__(
        self, *, clock: MonotonicClock = monotonic_clock, is_recorded: bool = False, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._clock = clock
        self._is_recorded = is_recorded
        self._guard = KeyGuard()
        self._request: CardRequest | None = None
        self._edited_request = ""
        self._arm_timer: Timer | None = None
        self._head = Static(markup=False, classes="head")
        self._arguments = Static(markup=False, classes="arguments")
        self._problem = Static(markup=False, classes="problem")
        self._form = ArgumentForm()
        self._reply = ReplyField()
        self.display = False
        self._problem.display = False

    def compose(self) -> ComposeResult:
        yield self._head
        yield self._arguments
        yield self._form
        yield self._reply
        yield self._problem

    def on_mount(self) -> None:
        self._show_mode()

    @property
    def asked(self) -> PersonAsked | None:
        """The request that is shown."""
        return None if self._request is None else self._request.asked

    def show(self, request: CardRequest | None) -> bool:
        """Show a request, or nothing. True when it is another one than before."""
        before = self._request
        if request == before:
            return False
        self._request = request
        self.display = request is not None
        if request is None:
            return False
        self.border_title = card_title(request)
        is_new = before is None or before.asked.request_id != request.asked.request_id
        if is_new:
            self._show_request(request)
        return is_new

    def _show_request(self, request: CardRequest) -> None:
        self._arguments.update(arguments_text(request))
        self._reply.begin(is_reason=request.is_rejectable)
        self._show_problem("")
        self.folded = False
        self.mode = "ask"
        self._draw_anew()
        self._show_mode()

    def _arm(self) -> None:
        self.add_class("-armed")

    def unfold(self) -> None:
        """Show the whole card again and take the focus; keys count after the quiet time."""
        self.folded = False
        self.take_focus()

    def take_focus(self) -> None:
        """Put the cursor where the person goes on; keys count after the quiet time."""
        self._draw_anew()
        if self.mode == "edit":
            self.call_after_refresh(self._form.focus_first)
        elif self.mode == "reply":
            self.call_after_refresh(self._reply.focus_line)
        else:
            self.focus()

    def _draw_anew(self) -> None:
        self._guard.drawn(self._clock())
        self.remove_class("-armed")
        if self._arm_timer is not None:
            self._arm_timer.stop()
        self._arm_timer = self.set_timer(QUIET_S, self._arm)

    def show_check(self, request_id: str, messages: tuple[str, ...], *, go_there: bool) -> None:
        """Show what is wrong with the edited arguments; `go_there` puts the cursor to it."""
        if self.asked is not None and self.asked.request_id == request_id and self.mode == "edit":
            self._form.show_messages(messages)
            if messages and go_there:
                self._form.focus_first()

    def show_problem(self, request_id: str, message: str) -> None:
        """Show that a decision was not accepted; the person may decide again."""
        if self.asked is not None and self.asked.request_id == request_id:
            if self.mode == "sent":
                self.mode = "ask"
            self._show_problem(message)

    def _show_problem(self, message: str) -> None:
        self._problem.update(f"✗ {message}")
        self._problem.display = bool(message)

    def watch_mode(self) -> None:
        self._show_mode()
        if self.has_focus_within:
            self.take_focus()

    def watch_folded(self) -> None:
        self._show_mode()

    def _show_mode(self) -> None:
        self.set_class(self.folded, "-folded")
        self.set_class(self.mode == "edit", "-edit")
        self._form.display = self.mode == "edit" and not self.folded
        self._reply.display = self.mode == "reply" and not self.folded
        self._arguments.display = self.mode != "edit" and not self.folded
        if self._request is not None:
            self._head.update(folded_text(self._request) if self.folded else head_text(self._request))
            self.border_subtitle = (
                RECORDED_TEXT
                if self._is_recorded
                else keys_text(self._request, self.mode, folded=self.folded, focused=self.has_focus)
            )

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self._show_mode()

    def on_key(self, event: events.Key) -> None:
        meant_for_card = self.has_focus and event.is_printable
        if meant_for_card and not self._guard.accepts(self._clock()):
            event.stop()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action not in _GUARDED_ACTIONS:
            return True
        if self._is_recorded or self._request is None or self.mode != "ask" or self.folded:
            return False
        if not self.has_focus:
            return False
        if action in _FOR_EVERY_REQUEST:
            return True
        if self._request.consent is not None:
            return action in _FOR_A_CONSENT
        return self._request.asked.call is not None and action in ("approve", "edit")

    def action_approve(self) -> None:
        if self.asked is not None:
            self._decide(Approve(None if self.asked.call is None else self.asked.call.call_hash))

    def action_open_link(self) -> None:
        if (address := self._address) is not None:
            self.post_message(LinkOpened(address))

    def action_copy_link(self) -> None:
        if (address := self._address) is not None:
            self.post_message(CopyRequested(address.text))

    @property
    def _address(self) -> WebAddress | None:
        consent = None if self._request is None else self._request.consent
        return None if consent is None else consent.address

    def action_edit(self) -> None:
        if self.asked is None or self.asked.call is None:
            return
        if self._edited_request != self.asked.request_id:
            self._edited_request = self.asked.request_id
            self._form.edit(self.asked.call.args_schema, self.asked.call.args)
        self.mode = "edit"

    def action_reject(self) -> None:
        self.mode = "reply"

    def action_defer(self) -> None:
        self.folded = True
        self.post_message(CardDeferred())

    def action_read(self, step: int) -> None:
        self.scroll_relative(y=step, animate=False)

    def on_argument_form_left(self) -> None:
        self.mode = "ask"

    def on_argument_form_changed(self, event: ArgumentForm.Changed) -> None:
        event.stop()
        self._check(event.args, submit=False)

    def on_argument_form_submitted(self, event: ArgumentForm.Submitted) -> None:
        event.stop()
        call = None if self.asked is None else self.asked.call
        if call is not None and event.args == call.args:
            self._decide(Approve(call.call_hash))
        else:
            self._check(event.args, submit=True)

    def _check(self, args: JsonObject, *, submit: bool) -> None:
        if self.asked is not None:
            self.post_message(EditChecked(self.asked.request_id, args, submit=submit))

    def edit_accepted(self, request_id: str, args: JsonObject) -> None:
        """The edited arguments are valid and shall run."""
        if self.asked is not None and self.asked.request_id == request_id:
            self._decide(Edit(args))

    def on_reply_field_left(self) -> None:
        self.mode = "ask"

    def on_reply_field_sent(self, event: ReplyField.Sent) -> None:
        event.stop()
        if self.asked is not None:
            is_no = self._request is not None and self._request.is_rejectable
            self._decide(Reject(event.text) if is_no else Respond(event.text))

    def _decide(self, decision: Decision) -> None:
        if self.asked is not None and self.mode != "sent":
            request_id = self.asked.request_id
            self._show_problem("")
            self.mode = "sent"
            self.post_message(DecisionMade(request_id, decision))
