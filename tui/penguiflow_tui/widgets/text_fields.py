"""Text fields that take any paste and draw no control character of it.

Textual draws what a field holds, escape sequences included, so a field must never hold one: pasted text is
made visible on its way in. Keys cannot bring control characters.
"""

from __future__ import annotations

from textual import events
from textual.widgets import Input, TextArea

from penguiflow.safe_text import safe_line, safe_text


class TextField(TextArea):
    """Several lines of text."""

    def on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        if not self.read_only:
            start, end = self.selection
            self.replace(safe_text(event.text), start, end, maintain_selection_offset=False)


class LineField(Input):
    """One line of text."""

    def on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        start, end = sorted(self.selection)
        self.replace(safe_line(event.text), start, end)
