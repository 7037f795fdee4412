"""The chat: questions, what happened on the way in one line each, and answers.

It is told the runs and redraws those that are not the same values as before. It follows its end until the
person scrolls away, and keeps a window of runs: the layout of thousands of widgets would hold up the
screen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widget import Widget

from penguiflow_tui.chat_messages import CopyRequested
from penguiflow_tui.keys import bindings_of
from penguiflow_tui.model.chat import ChatEntry, chat_entries
from penguiflow_tui.model.state import RunView
from penguiflow_tui.startup import Startup
from penguiflow_tui.styles import styles_beside
from penguiflow_tui.widgets.chat_start import ChatStart
from penguiflow_tui.widgets.finished_message import FinishedMessage

if TYPE_CHECKING:
    from penguiflow_tui.widgets.live_message import LiveMessage

RUNS_SHOWN = 40
"""The chat shows so many runs; the session keeps all of them."""


class Transcript(VerticalScroll, can_focus=True):
    """The chat of a session."""

    DEFAULT_CSS = styles_beside(__file__)
    BINDINGS = bindings_of("transcript")
    BORDER_TITLE = "Chat"

    def __init__(self, startup: Startup, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._start = ChatStart(startup)
        self._runs: dict[str, RunView] = {}
        self._shown: dict[str, tuple[ChatEntry, Widget]] = {}
        self._live: LiveMessage | None = None

    def compose(self) -> ComposeResult:
        yield self._start

    def show_startup(self, startup: Startup) -> None:
        """Show how far loading the agent has come; visible while nothing was said."""
        self._start.show(startup)

    def show(self, runs: Sequence[RunView]) -> None:
        """Show these runs, the current one last."""
        recent = runs[-RUNS_SHOWN:]
        changed = [run for run in recent if self._runs.get(run.run_id) is not run]
        if not changed:
            return
        with self.app.batch_update():  # pyright: ignore[reportUnknownMemberType] - bare `App` in Textual
            for run in changed:
                self._runs[run.run_id] = run
                self._show_run(run)
            self._forget_all_but({run.run_id for run in recent})
            self._start.display = not self._shown

    def clear(self) -> None:
        """Show nothing, for another session."""
        self.anchor(False)
        self._forget_all_but(set())
        self._start.display = True

    def _forget_all_but(self, kept: set[str]) -> None:
        for run_id in self._runs.keys() - kept:
            del self._runs[run_id]
            self._remove_entries(run_id, set())

    def _remove_entries(self, run_id: str, kept: set[str]) -> None:
        for key in [key for key in self._shown if key.startswith(f"{run_id}/") and key not in kept]:
            self._shown.pop(key)[1].remove()

    def _show_run(self, run: RunView) -> None:
        entries = chat_entries(run)
        self._remove_entries(run.run_id, {entry.key for entry in entries})
        after: Widget | None = None
        for entry in entries:
            after = self._show_entry(entry, after)

    def _show_entry(self, entry: ChatEntry, after: Widget | None) -> Widget:
        known = self._shown.get(entry.key)
        if known is not None and known[0] == entry:
            return known[1]
        live = self._live
        if known is not None and live is not None and known[1] is live:
            # The answer stays as it was written until the next question: it must not jump when it is done.
            live.grow(entry.text)
            self._shown[entry.key] = (entry, live)
            return live
        widget = self._widget_for(entry)
        if known is not None:
            self.mount(widget, after=known[1])
            known[1].remove()
        elif after is None:
            self.mount(widget)
        else:
            self.mount(widget, after=after)
        self._shown[entry.key] = (entry, widget)
        return widget

    def _widget_for(self, entry: ChatEntry) -> Widget:
        if not entry.is_live:
            return FinishedMessage(entry, dark=self.has_pseudo_class("dark"))
        from penguiflow_tui.widgets.live_message import LiveMessage  # noqa: PLC0415 - not for the first paint

        self._freeze_live()
        self._live = LiveMessage(entry.text)
        return self._live

    def _freeze_live(self) -> None:
        """Put a cheap widget in the place of the answer that was written last."""
        live, self._live = self._live, None
        for key, (entry, widget) in self._shown.items():
            if widget is live:
                frozen = FinishedMessage(entry, dark=self.has_pseudo_class("dark"))
                self.mount(frozen, after=widget)
                widget.remove()
                self._shown[key] = (entry, frozen)
                return

    def follow(self) -> None:
        """Go to the end and stay there until the person scrolls away."""
        if self.max_scroll_y > 0:
            self.anchor()
        self.border_subtitle = ""

    def _follow_end(self) -> None:
        # A chat that does not fill its pane (any more) would be pushed to the bottom by an anchor.
        if self.max_scroll_y > 0 and not self.is_anchored:
            self.anchor()
        elif self.max_scroll_y == 0 and self.is_anchored:
            self.anchor(False)
        self._show_place()

    def _show_place(self) -> None:
        self.border_subtitle = "" if self.max_scroll_y - self.scroll_y < 1 else "new below · End"

    def on_resize(self) -> None:
        self.call_next(self._follow_end)

    def watch_virtual_size(self) -> None:
        # New widgets get their place after `show` has returned.
        self.call_next(self._follow_end)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if self.border_subtitle:
            self._show_place()

    def action_follow(self) -> None:
        self.follow()

    def action_copy_answer(self) -> None:
        answers = [entry.text for entry, _ in self._shown.values() if entry.kind == "answer"]
        if answers:
            self.post_message(CopyRequested(answers[-1]))
