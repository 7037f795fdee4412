"""The answer while it is being written: the only Markdown widget of the chat.

Text is handed on at most ten times a second, because a Markdown widget that is fed token by token falls
behind a fast model. Nothing runs while no text arrives.
"""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer
from textual.widgets import Markdown
from textual.widgets.markdown import MarkdownStream

from penguiflow.safe_text import SafeText
from penguiflow_tui.styles import styles_beside

_WRITE_AFTER_S = 0.1


class LiveMessage(Vertical):
    """Shows a growing text. `grow` takes the whole text so far, as safe text."""

    DEFAULT_CSS = styles_beside(__file__)

    def __init__(self, text: SafeText) -> None:
        super().__init__()
        self._markdown = Markdown(open_links=False)
        self._stream: MarkdownStream | None = None
        self._timer: Timer | None = None
        self._written = ""
        self._wanted = text

    def compose(self) -> ComposeResult:
        yield self._markdown

    async def on_mount(self) -> None:
        self._stream = Markdown.get_stream(self._markdown)
        await self._write()

    async def on_unmount(self) -> None:
        if self._stream is not None:
            await self._stream.stop()

    def grow(self, text: SafeText) -> None:
        """Show `text`; usually it begins with what is shown already."""
        self._wanted = text
        if self._timer is None and self._stream is not None:
            self._timer = self.set_timer(_WRITE_AFTER_S, self._write)

    async def _write(self) -> None:
        self._timer = None
        if self._wanted == self._written or self._stream is None:
            return
        if self._wanted.startswith(self._written):
            await self._stream.write(self._wanted[len(self._written) :])
        else:  # another attempt of the model began anew
            await self._stream.stop()
            await self._markdown.update(self._wanted)
            self._stream = Markdown.get_stream(self._markdown)
        self._written = self._wanted
