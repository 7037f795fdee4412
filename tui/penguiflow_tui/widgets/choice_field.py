"""One value out of a few, all of them visible: arrows choose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from penguiflow.safe_text import safe_line
from penguiflow_tui.styles import styles_beside


class ChoiceField(Widget, can_focus=True):
    """A row of choices. An optional one begins with "not set", whose text is empty."""

    DEFAULT_CSS = styles_beside(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,up", "move(-1)", "Previous choice", show=False),
        Binding("right,down", "move(1)", "Next choice", show=False),
    ]

    value: reactive[str] = reactive("")

    class Changed(Message):
        """Another choice was taken."""

    def __init__(self, choices: Sequence[str], value: str, *, optional: bool, id: str | None = None) -> None:
        super().__init__(id=id)
        self._choices = ["", *choices] if optional or value not in choices else list(choices)
        self.set_reactive(ChoiceField.value, value)

    def render(self) -> Content:
        shown = [
            (
                f"● {safe_line(choice or 'not set', max_chars=40)}  "
                if choice == self.value
                else f"○ {safe_line(choice or 'not set', max_chars=40)}  ",
                "bold $primary" if choice == self.value else "$text-muted",
            )
            for choice in self._choices
        ]
        return Content.assemble(*shown)

    def action_move(self, step: int) -> None:
        place = self._choices.index(self.value) + step
        self.value = self._choices[place % len(self._choices)]
        self.post_message(self.Changed())
