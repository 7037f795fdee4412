"""The arguments of a call as a form: a field for each, or all of them as JSON.

The form reads what was written and says what cannot be read; whether the tool accepts the arguments is for
somebody else to say. Nothing that was typed is ever lost: a field that cannot be read keeps its text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.containers import Vertical
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static, TextArea

from penguiflow.state.events import JsonObject
from penguiflow_tui.argument_fields import (
    FormReading,
    fields_of,
    json_object,
    place_messages,
    read_form,
    read_json,
)
from penguiflow_tui.keys import bindings_of
from penguiflow_tui.styles import styles_beside
from penguiflow_tui.visible_json import visible_json
from penguiflow_tui.widgets.choice_field import ChoiceField
from penguiflow_tui.widgets.form_row import FormRow
from penguiflow_tui.widgets.text_fields import TextField

_CHECK_AFTER_S = 0.4
_NO_FIELDS = "There are no arguments to write."


class ArgumentForm(Vertical):
    """Edits the arguments of one call."""

    DEFAULT_CSS = styles_beside(__file__)
    BINDINGS = bindings_of("form")

    class Changed(Message):
        """The person paused after a change; `args` are readable but not checked yet."""

        def __init__(self, args: JsonObject) -> None:
            self.args = args
            super().__init__()

    class Submitted(Message):
        """The call shall run with `args`."""

        def __init__(self, args: JsonObject) -> None:
            self.args = args
            super().__init__()

    class Left(Message):
        """The person goes back without a decision."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._schema: JsonObject = {}
        self._rows: list[FormRow] = []
        self._json: TextField | None = None
        self._verdict = Static(markup=False, classes="verdict")
        self._check_timer: Timer | None = None

    def edit(self, schema: JsonObject, args: JsonObject) -> None:
        """Show the arguments of another call."""
        self._schema = schema
        self._json = None
        self._rows = [FormRow(field) for field in fields_of(schema, args)]
        self.can_focus = not self._rows  # somebody has to take the keys
        self._show_fields(self._rows or [Static(_NO_FIELDS, markup=False, classes="no-fields")])

    def focus_first(self) -> None:
        """Put the cursor into the first field, or the first one that is wrong."""
        wrong = [row for row in self._rows if row.has_error]
        editors = self._editors()
        if wrong and self._json is None:
            wrong[0].editor.focus()
        elif editors:
            editors[0].focus()
        else:
            self.focus()

    def show_messages(self, messages: tuple[str, ...]) -> None:
        """Show what is wrong with the arguments; nothing means that they are valid."""
        if self._json is not None:
            self._show_errors({}, messages)
            return
        self._show_errors(*place_messages(messages, [row.field.name for row in self._rows]))

    def _editors(self) -> list[Widget]:
        return [self._json] if self._json is not None else [row.editor for row in self._rows]

    def _show_fields(self, fields: Sequence[Widget]) -> None:
        self._verdict = Static(markup=False, classes="verdict")
        self._verdict.display = False
        self.remove_children()
        self.mount_all([self._verdict, *fields])

    def _read(self) -> FormReading:
        if self._json is None:
            texts = {row.field.name: row.text for row in self._rows}
            return read_form([row.field for row in self._rows], texts)
        try:
            args = read_json(self._json.text)
        except ValueError as exc:
            return FormReading(args={}, errors={"": f"The text {exc}"})
        arguments = json_object(args)
        if arguments is None:
            return FormReading(args={}, errors={"": "The arguments must be a JSON object: {...}"})
        return FormReading(args=arguments, errors={})

    def _show_errors(self, by_field: Mapping[str, str], rest: tuple[str, ...]) -> None:
        for row in self._rows:
            row.show_error(by_field.get(row.field.name, ""))
        wrong = bool(by_field or rest)
        self._verdict.display = True
        self._verdict.set_class(wrong, "-wrong")
        lines = list(rest) if rest or not wrong else ["✗ The call cannot run like this"]
        self._verdict.update("\n".join(lines) if wrong else "✓ The arguments are valid")

    def _read_or_complain(self) -> JsonObject | None:
        reading = self._read()
        if not reading.errors:
            return reading.args
        self._show_errors(reading.errors, tuple(text for name, text in reading.errors.items() if not name))
        return None

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._check_soon()

    def on_input_changed(self, event: Message) -> None:
        event.stop()
        self._check_soon()

    def on_choice_field_changed(self, event: ChoiceField.Changed) -> None:
        event.stop()
        self._check_soon()

    def _check_soon(self) -> None:
        if self._check_timer is not None:
            self._check_timer.stop()
        self._check_timer = self.set_timer(_CHECK_AFTER_S, self._check)

    def _check(self) -> None:
        args = self._read_or_complain()
        if args is not None:
            self.post_message(self.Changed(args))

    def action_submit(self) -> None:
        args = self._read_or_complain()
        if args is None:
            self.focus_first()
        else:
            self.post_message(self.Submitted(args))

    def action_toggle_json(self) -> None:
        args = self._read_or_complain()
        if args is None:
            return
        if self._json is None:
            self._rows = []
            self.can_focus = False
            self._json = TextField(visible_json(args), id="all-arguments")
            self._show_fields([self._json])
        else:
            self.edit(self._schema, args)
        self.call_after_refresh(self.focus_first)

    def action_field(self, step: int) -> None:
        editors = self._editors()
        if not editors:
            return
        place = editors.index(self.screen.focused) if self.screen.focused in editors else -step
        editors[(place + step) % len(editors)].focus()

    def action_leave(self) -> None:
        self.post_message(self.Left())
