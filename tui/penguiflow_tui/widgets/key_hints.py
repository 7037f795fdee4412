"""What the keys do now, in as many lines as it takes; a line ends between two keys only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from penguiflow_tui.keys import shown_key
from penguiflow_tui.tones import MUTED

_SEPARATOR = Content.assemble((" · ", MUTED))


class KeyHint(NamedTuple):
    """A key as it is written, and what it does."""

    key: str
    what: str


def hint(action_id: str, what: str) -> KeyHint:
    """Return the hint for an action of the registry."""
    return KeyHint(shown_key(action_id), what)


class KeyHints(Widget):
    """Shows hints in the width it has."""

    DEFAULT_CSS = "KeyHints { height: auto; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._hints: Sequence[KeyHint] = ()

    def show(self, hints: Sequence[KeyHint]) -> None:
        """Show these hints."""
        if hints != self._hints:
            self._hints = hints
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(hint_lines(self._hints, width)))

    def render(self) -> Content:
        return Content("\n").join(hint_lines(self._hints, self.content_size.width))


def hint_lines(hints: Sequence[KeyHint], cells: int) -> list[Content]:
    """Return the hints in lines of at most `cells`, if each of them fits into one."""
    lines: list[list[KeyHint]] = []
    for each in hints:
        if lines and one_line([*lines[-1], each]).cell_length <= cells:
            lines[-1].append(each)
        else:
            lines.append([each])
    return [one_line(line) for line in lines]


def one_line(hints: Sequence[KeyHint]) -> Content:
    """Return the hints in one line, however long."""
    return _SEPARATOR.join(
        [Content.assemble((each.key, "bold $text-primary"), (f" {each.what}", MUTED)) for each in hints]
    )
