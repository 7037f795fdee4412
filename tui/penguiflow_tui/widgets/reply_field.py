"""A line for the person's words: why a call must not run, or the answer to a question of the run."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Input, Static

from penguiflow_tui.keys import bindings_of
from penguiflow_tui.styles import styles_beside
from penguiflow_tui.widgets.text_fields import LineField


class ReplyField(Vertical):
    """A labelled line. A reason may be empty, an answer may not."""

    DEFAULT_CSS = styles_beside(__file__)
    BINDINGS = bindings_of("reply")

    class Sent(Message):
        """The person is done writing."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    class Left(Message):
        """The person goes back without sending."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._is_reason = True
        self._label = Static(markup=False)
        self._line = LineField(placeholder="", select_on_focus=False)

    def compose(self) -> ComposeResult:
        yield self._label
        yield self._line

    def begin(self, *, is_reason: bool) -> None:
        """Empty the line for another request."""
        self._is_reason = is_reason
        self._line.value = ""
        self._label.update("Why not? The model reads this." if is_reason else "Your answer:")

    def focus_line(self) -> None:
        """Put the cursor into the line."""
        self._line.focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_submit_reply()

    def action_submit_reply(self) -> None:
        text = self._line.value.strip()
        if text or self._is_reason:
            self.post_message(self.Sent(text))

    def action_leave_reply(self) -> None:
        self.post_message(self.Left())
