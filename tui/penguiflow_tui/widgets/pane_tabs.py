"""Which pane fills a narrow screen, as one line of tabs."""

from __future__ import annotations

from typing import Literal

from textual.content import Content
from textual.widgets import Static

from penguiflow_tui.keys import shown_key
from penguiflow_tui.styles import styles_beside

Pane = Literal["chat", "steps", "log", "tools"]

PANES: tuple[Pane, ...] = ("chat", "steps", "log", "tools")
_WORDS: dict[Pane, str] = {"chat": "Chat", "steps": "Steps", "log": "Log", "tools": "Tools"}


class PaneTabs(Static):
    """Shows the panes and the keys that open them."""

    DEFAULT_CSS = styles_beside(__file__)

    def __init__(self, id: str | None = None) -> None:
        super().__init__(markup=False, id=id)

    def show(self, active: Pane, *, waiting: int) -> None:
        """Mark the open pane; `waiting` requests are marked at the chat."""
        parts: list[tuple[str, str]] = []
        for pane in PANES:
            asks = f" ◆{waiting}" if pane == "chat" and waiting else ""
            style = "bold $primary underline" if pane == active else "$text-muted"
            parts += [
                (f"{shown_key(pane)} ", "$text-muted"),
                (_WORDS[pane], style),
                (asks, "bold $text-warning"),
            ]
            parts.append(("   ", ""))
        self.update(Content.assemble(*parts))
