"""Runs one widget by itself, so that its look can be judged and worked on without an agent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from textual.app import App, ComposeResult
from textual.widget import Widget

from penguiflow_tui.chat_messages import CopyRequested
from penguiflow_tui.model import EMPTY, WorkbenchState, reduce_all
from penguiflow_tui.sample_run import sample_events
from penguiflow_tui.themes import NIGHT, THEMES

WidgetT = TypeVar("WidgetT", bound=Widget)


class AloneApp(App[None], Generic[WidgetT]):
    """An application of one widget; `fill` gives it what to show once it is mounted."""

    def __init__(self, widget: WidgetT, fill: Callable[[WidgetT], None]) -> None:
        super().__init__()
        self._widget = widget
        self._fill = fill

    def compose(self) -> ComposeResult:
        yield self._widget

    def on_mount(self) -> None:
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = NIGHT.name
        self._widget.focus()
        self._fill(self._widget)

    def on_copy_requested(self, message: CopyRequested) -> None:
        self.copy_to_clipboard(message.text)


def sample_state() -> WorkbenchState:
    """Return the state after the sample session."""
    return reduce_all(EMPTY, sample_events())
