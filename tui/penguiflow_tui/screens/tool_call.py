"""One tool, called by hand: a form for its arguments, and below it what it answered.

The call leaves the agent and its run alone. A tool that asks for approval asks here too, with the exact
arguments; no key that writes into the form ever sends it.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from penguiflow._clock import MonotonicClock, monotonic_clock
from penguiflow.redaction import redact_text
from penguiflow.safe_text import SafeText, safe_line, safe_text
from penguiflow.sessions.results import SessionError
from penguiflow.state.events import JsonObject
from penguiflow.tools.errors import ToolNodeError
from penguiflow_tui.keys import bindings_of
from penguiflow_tui.model.bounded_json import pretty_json
from penguiflow_tui.model.figures import duration_text
from penguiflow_tui.model.tool_entries import ToolEntry
from penguiflow_tui.model.whole_text import WholeSection
from penguiflow_tui.ports import ToolDesk
from penguiflow_tui.screens.confirm import ConfirmScreen, Question
from penguiflow_tui.styles import styles_beside
from penguiflow_tui.visible_json import count_hidden_characters, visible_json
from penguiflow_tui.widgets.argument_form import ArgumentForm
from penguiflow_tui.widgets.key_hints import KeyHint, KeyHints, hint
from penguiflow_tui.widgets.text_pages import TextPages
from penguiflow_tui.worker_failures import TellsFailures

_RESULT_CHARS = 200_000
_FORM_HINTS = (
    hint("run-edited", "call it"),
    hint("raw-json", "form or JSON"),
    hint("next-field", "next field"),
    hint("leave-form", "close"),
)
_RESULT_HINTS = (KeyHint("↑ ↓", "scroll"), hint("copy-whole", "copy"), hint("close-dialog", "to the form"))


class ToolCallScreen(TellsFailures, ModalScreen[None]):
    """Checks and calls one tool as often as the person likes."""

    DEFAULT_CSS = styles_beside(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("dialog")]

    def __init__(
        self, desk: ToolDesk, connection: str, tool: ToolEntry, *, clock: MonotonicClock = monotonic_clock
    ) -> None:
        super().__init__()
        self._desk = desk
        self._connection = connection
        self._tool = tool
        self._clock = clock
        self._works = False
        self._form = ArgumentForm()
        self._result = TextPages(id="result")
        self._hints = KeyHints(id="hints")

    def compose(self) -> ComposeResult:
        with Vertical(id="tool-call") as box:
            box.border_title = Content(f"Try {safe_line(self._tool.name, max_chars=80)}")
            with VerticalScroll(id="form"):
                yield Static(safe_line(self._tool.description, max_chars=400), markup=False, id="what")
                yield self._form
            yield self._result
            yield self._hints

    def on_mount(self) -> None:
        self._result.display = False
        self._form.edit(self._tool.schema, {})
        self.call_after_refresh(self._form.focus_first)

    def on_descendant_focus(self) -> None:
        self._hints.show(_RESULT_HINTS if self._result.has_focus else _FORM_HINTS)

    # From the form to the tool

    def on_argument_form_changed(self, event: ArgumentForm.Changed) -> None:
        event.stop()
        self._show_check(event.args)

    def on_argument_form_submitted(self, event: ArgumentForm.Submitted) -> None:
        event.stop()
        if not self._works and self._show_check(event.args):
            self._call(event.args)

    def on_argument_form_left(self) -> None:
        self.dismiss(None)

    def _show_check(self, args: JsonObject) -> bool:
        try:
            messages = tuple(self._desk.check(self._connection, self._tool.name, args))
        except SessionError as exc:
            messages = (str(exc),)
        self._form.show_messages(tuple(safe_text(each, max_chars=400) for each in messages))
        return not messages

    @work(group="call", exclusive=True, exit_on_error=False)
    async def _call(self, args: JsonObject) -> None:
        self._works = True
        began = self._clock()
        try:
            if self._desk.asks_first(self._connection, self._tool.name) and not await self._is_approved(args):
                await self._show("■ not called", "You did not approve the call.")
                return
            began = self._clock()
            await self._show("▸ calling …", "")
            result = await self._desk.call(self._connection, self._tool.name, args)
            await self._show(f"✓ answered in {duration_text((self._clock() - began) * 1000)}", result)
        except (ToolNodeError, SessionError) as exc:
            what_to_do = getattr(exc, "hint", None) or ""
            took = duration_text((self._clock() - began) * 1000)
            await self._show(f"✗ {type(exc).__name__} after {took}", f"{exc}\n{what_to_do}".rstrip())
        finally:
            self._works = False
            self._result.focus()

    async def _is_approved(self, args: JsonObject) -> bool:
        hidden = count_hidden_characters(args)
        warning = f"⚠ {hidden} hidden characters are shown as escapes\n\n" if hidden else ""
        shown = safe_text(visible_json(args))
        question = Question(
            title=f"Run {safe_line(self._tool.name, max_chars=60)}?",
            text=f"This tool asks for approval. It would run with exactly\n\n{warning}{shown}",
            yes="run it once",
            no="do not",
        )
        return await self.app.push_screen_wait(ConfirmScreen(question))  # pyright: ignore[reportUnknownMemberType] - bare `App` in Textual

    async def _show(self, heading: str, result: object) -> None:
        text = await asyncio.to_thread(_shown_result, result)
        self.add_class("-with-result")
        self._result.display = True
        self._result.show([WholeSection(heading=safe_line(heading), text=text)])

    def action_close(self) -> None:
        if self._result.has_focus:
            self._form.focus_first()
        else:
            self.dismiss(None)


def _shown_result(result: object) -> SafeText:
    """Return a result as text. Takes as long as it is large: not for the event loop."""
    if isinstance(result, str):
        return safe_text(redact_text(result), max_chars=_RESULT_CHARS)
    shown = pretty_json(result, _RESULT_CHARS)
    return safe_text(redact_text(shown.text) + ("\n… cut here" if shown.is_cut else ""))
