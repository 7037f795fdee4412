"""A question before something that cannot be taken back. Enter and Space alone never say yes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from penguiflow_tui.keys import bindings_of
from penguiflow_tui.styles import styles_beside


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, what happens on yes, and the words for both answers."""

    title: str
    text: str
    yes: str
    no: str


QUIT = Question(
    title="The agent is working",
    text="Leaving interrupts the run. What happened so far is kept in the session.",
    yes="leave",
    no="stay",
)

LEAVE_SESSION = Question(
    title="The agent is working",
    text="Opening another session interrupts the run. What happened so far is kept.",
    yes="interrupt and open",
    no="stay",
)


class ConfirmScreen(ModalScreen[bool]):
    """Answers true only for the letter Y."""

    DEFAULT_CSS = styles_beside(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n", "answer(False)", "No"),
        *bindings_of("dialog"),
    ]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        with Vertical(id="question") as box:
            box.border_title = self._question.title
            yield Static(self._question.text, markup=False)
            yield Static(
                Content.assemble(
                    ("Y", "bold $accent"),
                    f" {self._question.yes}   ",
                    ("N", "bold $accent"),
                    f" {self._question.no}",
                ),
                classes="keys",
            )

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)

    def action_close(self) -> None:
        self.dismiss(False)
