"""Where a person writes to the agent. Enter sends the text away; what is refused comes back."""

from __future__ import annotations

from textual import events
from textual.reactive import var

from penguiflow._clock import MonotonicClock, monotonic_clock
from penguiflow_tui.chat_messages import QuestionSubmitted
from penguiflow_tui.keys import bindings_of
from penguiflow_tui.styles import styles_beside
from penguiflow_tui.widgets.text_fields import TextField

_KEPT_QUESTIONS = 100


class Composer(TextField):
    """A text area that grows with its text and remembers what was asked."""

    DEFAULT_CSS = styles_beside(__file__)
    BINDINGS = bindings_of("composer")
    BORDER_TITLE = "Ask"

    recalled: var[int] = var(0)
    """How many questions back the shown text is; 0 is the text being written."""

    def __init__(self, *, clock: MonotonicClock = monotonic_clock, id: str | None = None) -> None:
        super().__init__(id=id, soft_wrap=True, show_line_numbers=False, placeholder="Ask the agent …")
        self._clock = clock
        self._asked: list[str] = []
        self._draft = ""
        self.last_key_at: float | None = None

    def give_back(self, question: str) -> None:
        """Show a text that was not accepted again, before what the person writes by now."""
        self.load_text(f"{question}\n{self.text}" if self.text else question)
        self.move_cursor(self.document.end)

    def on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            # In its turn: a binding taken before the focus would overtake letters that are still on the way.
            event.stop()
            event.prevent_default()
            self.action_send()
            return
        if event.is_printable or event.key == "backspace":
            self.last_key_at = self._clock()

    def action_send(self) -> None:
        # Cleared here and now: letters that are still on the way belong to the next question.
        if question := self.text.strip():
            if not self._asked or self._asked[-1] != question:
                self._asked = [*self._asked[-_KEPT_QUESTIONS:], question]
            self.recalled = 0
            self._draft = ""
            self.clear()
            self.post_message(QuestionSubmitted(question))

    def action_new_line(self) -> None:
        self.insert("\n")

    def action_recall(self, step: int) -> None:
        if self.recalled == 0:
            self._draft = self.text
        wanted = self.recalled - step
        if not 0 <= wanted <= len(self._asked):
            return
        self.recalled = wanted
        self.load_text(self._draft if wanted == 0 else self._asked[-wanted])
        self.move_cursor(self.document.end)
