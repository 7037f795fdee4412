"""Everything about the run, step, tool call or event that is selected.

`show` only notes what is wanted: formatting happens at most a few times a second, for values that
changed, and while the pane is on the screen. Values of any size are cut before they are formatted.
"""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from penguiflow.state.events import RunEvent
from penguiflow_tui.chat_messages import CopyRequested
from penguiflow_tui.keys import bindings_of
from penguiflow_tui.messages import WholeTextWanted
from penguiflow_tui.model.detail import DetailSection, DetailView, detail
from penguiflow_tui.model.subject import DetailSubject
from penguiflow_tui.model.whole_text import whole_parts
from penguiflow_tui.styles import styles_beside
from penguiflow_tui.tones import MUTED, TONE_STYLES

SETTLE_S = 0.06
"""A cursor that is held down passes many steps; the last one of so long is shown."""

_EMPTY = "Select a step, a tool call or an event to see all of it."


class StepDetail(VerticalScroll, can_focus=True):
    """Shows one subject; scrolls, copies what it shows, and asks for the whole texts behind it."""

    DEFAULT_CSS = styles_beside(__file__)
    BINDINGS = bindings_of("detail")
    BORDER_TITLE = "Detail"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._text = Static(Content.assemble((_EMPTY, MUTED)), markup=False)
        self._wanted: DetailSubject | None = None
        self._drawn: DetailSubject | None = None
        self._view: DetailView | None = None
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        yield self._text

    # What the screen calls

    def show(self, subject: DetailSubject | None) -> None:
        """Show `subject` soon, or that nothing is selected."""
        if is_same(subject, self._wanted):
            return
        self._wanted = subject
        if self._timer is None and self.is_attached:
            self._timer = self.set_timer(SETTLE_S, self._draw)

    @property
    def view(self) -> DetailView | None:
        """What is on the pane now."""
        return self._view

    # Drawing

    def on_mount(self) -> None:
        self._draw()

    def on_show(self, event: events.Show) -> None:
        self._draw()

    def _draw(self) -> None:
        self._timer = None
        if is_same(self._wanted, self._drawn) or not self.is_on_screen:
            return
        is_other = not is_about_same(self._wanted, self._drawn)
        self._drawn = self._wanted
        if self._wanted is None:
            self._view = None
            self.border_title = self.BORDER_TITLE
            self._text.update(Content.assemble((_EMPTY, MUTED)))
            return
        self._view = detail(self._wanted)
        self.border_title = Content(self._view.title)
        self._text.update(detail_content(self._view))
        if is_other:
            self.scroll_home(animate=False)

    def action_copy(self) -> None:
        if self._view is not None:
            self.post_message(CopyRequested(self._view.plain_text))

    def action_open_whole(self) -> None:
        if self._drawn is not None and self._view is not None:
            self.post_message(WholeTextWanted(self._view.title, whole_parts(self._drawn)))


def is_same(one: DetailSubject | None, other: DetailSubject | None) -> bool:
    """Whether both would be shown the same; a comparison of identities, whatever the size of the values."""
    if one is None or isinstance(one, RunEvent):
        return one is other
    return one.is_same(other)


def is_about_same(one: DetailSubject | None, other: DetailSubject | None) -> bool:
    """Whether `other` is the same step, at another time: the place that is read stays."""
    if one is None or other is None or isinstance(one, RunEvent) or isinstance(other, RunEvent):
        return one is other
    return one.key == other.key


def detail_content(view: DetailView) -> Content:
    """Return the pane as text with its own styles; nothing in the texts is read as markup."""
    head = Content.assemble((f"{view.mark.glyph} {view.mark.word}", TONE_STYLES[view.mark.tone]))
    if view.figures:
        head = Content.assemble(head, (f"   {view.figures}", MUTED))
    return Content("\n\n").join([head, *map(_section, view.sections)])


def _section(section: DetailSection) -> Content:
    return Content.assemble(
        (f"{section.heading}\n", "bold $text-primary"), (section.body, TONE_STYLES[section.tone])
    )


if __name__ == "__main__":
    from penguiflow_tui.model import TrajectoryKey, find_subject
    from penguiflow_tui.widgets.alone import AloneApp, sample_state

    _subject = find_subject(sample_state(), TrajectoryKey("run-1", 2, "call-2"))
    AloneApp(StepDetail(), lambda pane: pane.show(_subject)).run()
