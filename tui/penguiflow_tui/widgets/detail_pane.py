"""One thing in full: a title with its state, and sections of text. It scrolls and can be copied."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from penguiflow_tui.chat_messages import CopyRequested
from penguiflow_tui.keys import bindings_of
from penguiflow_tui.model.detail import DetailView
from penguiflow_tui.styles import styles_beside
from penguiflow_tui.tones import MUTED
from penguiflow_tui.widgets.step_detail import detail_content


class DetailPane(VerticalScroll, can_focus=True):
    """Shows what it is given; a view of the same title keeps the place that is read."""

    DEFAULT_CSS = styles_beside(__file__)
    BINDINGS = bindings_of("whole_detail")
    BORDER_TITLE = "Detail"

    def __init__(self, *, empty: str, id: str | None = None) -> None:
        super().__init__(id=id)
        self._empty = empty
        self._text = Static(Content.assemble((empty, MUTED)), markup=False)
        self._view: DetailView | None = None

    def compose(self) -> ComposeResult:
        yield self._text

    @property
    def view(self) -> DetailView | None:
        """What is shown now."""
        return self._view

    def show(self, view: DetailView | None) -> None:
        """Show a view, or that there is none."""
        if view == self._view:
            return
        is_other = view is None or self._view is None or view.title != self._view.title
        self._view = view
        self.border_title = self.BORDER_TITLE if view is None else Content(view.title)
        self._text.update(Content.assemble((self._empty, MUTED)) if view is None else detail_content(view))
        if is_other:
            self.scroll_home(animate=False)

    def action_copy(self) -> None:
        if self._view is not None:
            self.post_message(CopyRequested(self._view.plain_text))
