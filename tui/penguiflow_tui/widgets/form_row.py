"""One argument in the form: its name and type, its field, and what is wrong with it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from penguiflow.safe_text import safe_line, safe_text
from penguiflow_tui.argument_fields import FormField
from penguiflow_tui.styles import styles_beside
from penguiflow_tui.widgets.choice_field import ChoiceField
from penguiflow_tui.widgets.text_fields import LineField, TextField


class FormRow(Vertical):
    """A labelled field. The widget that takes the keys is `editor`."""

    DEFAULT_CSS = styles_beside(__file__)

    def __init__(self, field: FormField) -> None:
        super().__init__()
        self.field = field
        self._editor = _editor_for(field)
        self._error = Static(markup=False, classes="error")
        self._error.display = False

    def compose(self) -> ComposeResult:
        yield Static(_label(self.field), markup=False, classes="label")
        yield self._editor
        yield self._error

    @property
    def editor(self) -> Widget:
        """The field that takes the keys."""
        return self._editor

    @property
    def text(self) -> str:
        """What is written in the field."""
        if isinstance(self._editor, TextField):
            return self._editor.text
        return self._editor.value

    @property
    def has_error(self) -> bool:
        """Whether an error is shown."""
        return bool(self._error.display)

    def show_error(self, message: str) -> None:
        """Show what is wrong with the field, or nothing."""
        self._error.update(f"✗ {safe_text(message, max_chars=400)}")
        self._error.display = bool(message)
        self.set_class(bool(message), "-wrong")


def _editor_for(field: FormField) -> TextField | LineField | ChoiceField:
    match field.kind:
        case "choice":
            return ChoiceField(field.choices, field.initial_text, optional=not field.required)
        case "integer" | "number":
            return LineField(field.initial_text, select_on_focus=False)
        case "text" | "json":
            text = TextField(field.initial_text, soft_wrap=True, highlight_cursor_line=False)
            text.move_cursor(text.document.end)
            return text


def _label(field: FormField) -> Content:
    need = "required" if field.required else "optional"
    parts = [
        (safe_line(field.name, max_chars=60), "bold"),
        (f"  {safe_line(field.type_label, max_chars=30)} · {need}", "$text-muted"),
    ]
    if field.description:
        parts.append((f"  {safe_line(field.description, max_chars=200)}", "$text-muted italic"))
    return Content.assemble(*parts)
