"""One line about the session: where, which model, what it does now, and what it has used so far."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from penguiflow_tui.model import EMPTY, Mark, StatusFields, WorkbenchState, status_fields
from penguiflow_tui.styles import styles_beside
from penguiflow_tui.tones import MUTED, TONE_STYLES

_GAP = "   "
_GAP_CONTENT = Content(_GAP)


class StatusLine(Static):
    """Shows the fields that fit, in the order of their weight; never wraps and never asks for a layout."""

    DEFAULT_CSS = styles_beside(__file__)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(markup=False, id=id)
        self._fields: StatusFields = status_fields(EMPTY, title="", model=None)

    def show(
        self,
        state: WorkbenchState,
        *,
        title: str,
        model: str | None,
        lag_ms: float = 0.0,
        is_starting: bool = False,
        replay: Mark | None = None,
    ) -> None:
        """Show the session. A line that would look the same is not drawn again."""
        fields = status_fields(
            state, title=title, model=model, lag_ms=lag_ms, is_starting=is_starting, replay=replay
        )
        if fields != self._fields:
            self._fields = fields
            self._draw()

    def on_mount(self) -> None:
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def _draw(self) -> None:
        self.update(status_content(self._fields, self.content_size.width), layout=False)


def status_content(fields: StatusFields, cells: int) -> Content:
    """Return the line in `cells`: what it does now on the left, what it has used on the right."""
    left = _GAP_CONTENT.join([_mark(mark) for mark in (fields.replay, fields.mark) if mark is not None])
    if fields.title:
        left = Content.assemble(left, _GAP, (fields.title, "bold"))
    lag = (
        None if fields.lag is None else Content.assemble((fields.lag, f"bold {TONE_STYLES[fields.lag_tone]}"))
    )
    used = [
        Content.assemble((text, MUTED)) for text in (fields.cost, fields.steps, fields.tokens, fields.model)
    ]
    # Weighed most first; a field that does not fit is left out, and so is everything that weighs less.
    right = Content("")
    for part in used if lag is None else [lag, *used]:
        longer = part if not right else Content.assemble(part, _GAP, right)
        if left.cell_length + len(_GAP) + longer.cell_length > cells:
            break
        right = longer
    room = cells - right.cell_length
    return Content.assemble(left.truncate(max(0, room), ellipsis=True, pad=True), right)


def _mark(mark: Mark) -> Content:
    return Content.assemble((f"{mark.glyph} {mark.word}", f"bold {TONE_STYLES[mark.tone]}"))


if __name__ == "__main__":
    from penguiflow_tui.widgets.alone import AloneApp, sample_state

    AloneApp(
        StatusLine(),
        lambda line: line.show(sample_state(), title="notebook", model="sample/model-1", lag_ms=120),
    ).run()
