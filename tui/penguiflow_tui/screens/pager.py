"""Whole texts over the whole screen: a prompt, a reply, the result of a tool."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from penguiflow.safe_text import SafeText, safe_text
from penguiflow.state.errors import StoreError
from penguiflow_tui.keys import bindings_of
from penguiflow_tui.model.whole_text import WHOLE_CHARS, TextPart, whole_sections
from penguiflow_tui.ports import ContentSource
from penguiflow_tui.styles import styles_beside
from penguiflow_tui.widgets.text_pages import TextPages
from penguiflow_tui.worker_failures import TellsFailures

_ERROR_CHARS = 1_000
_NOTHING = "Nothing more is recorded about this."


class PagerScreen(TellsFailures, ModalScreen[None]):
    """Loads what stands behind `parts` and shows it below `title`."""

    DEFAULT_CSS = styles_beside(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("dialog")]

    def __init__(self, title: SafeText, parts: Sequence[TextPart], contents: ContentSource | None) -> None:
        super().__init__()
        self._parts = parts
        self._contents = contents
        self._note = Static("◌ reading …", markup=False, id="note")
        self._pages = TextPages(id="pages")
        self._pages.border_title = Content(title)
        self._pages.display = False

    def compose(self) -> ComposeResult:
        yield self._note
        yield self._pages
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._load()

    @work(exclusive=True, exit_on_error=False)
    async def _load(self) -> None:
        try:
            loaded = await self._loaded()
        except StoreError as exc:
            self._note.update(Content(f"✗ {safe_text(str(exc), max_chars=_ERROR_CHARS)}"))
            return
        sections = await asyncio.to_thread(whole_sections, self._parts, loaded)
        if not sections:
            self._note.update(_NOTHING)
            return
        self._note.display = False
        self._pages.display = True
        self._pages.show(sections)
        self._pages.focus()

    async def _loaded(self) -> dict[str, str | None]:
        """Return the texts by their ids, as many of the first ones as can be shown."""
        loaded: dict[str, str | None] = {}
        chars = 0
        for part in self._parts:
            if part.ref is None or self._contents is None or part.ref.content_id in loaded:
                continue
            text = await self._contents.load_content(part.ref.content_id)
            loaded[part.ref.content_id] = text
            chars += len(text or "")
            if chars >= WHOLE_CHARS:
                break
        return loaded

    def action_close(self) -> None:
        self.dismiss(None)
