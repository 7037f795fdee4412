"""One line of a given width: a text on the left, cut where it must be, and short notes on the right."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text

from penguiflow.safe_text import SafeText

MIN_LABEL_CELLS = 10
"""A text that would have less room stands alone."""


def notes_that_fit(notes: Sequence[SafeText], cells: int) -> str:
    """Return as many of `notes` as fit into the smaller part of a line; the first one always."""
    shown = "".join(notes[:1])
    for note in notes[1:]:
        longer = f"{shown} · {note}"
        if cell_len(longer) > cells * 2 // 5:
            break
        shown = longer
    return shown


def fitted(text: Text, note: Text, cells: int) -> Text:
    """Return one line of exactly `cells`: `text`, cut with an ellipsis where it must be, and `note` right."""
    room = cells - note.cell_len - 2 if note else cells
    if room < MIN_LABEL_CELLS:
        note, room = Text(""), cells
    text.truncate(max(1, room), overflow="ellipsis", pad=True)
    return text.append("  ").append_text(note) if note else text
