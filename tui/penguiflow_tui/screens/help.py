"""All keys, by the place where they work; made from the registry that also makes the bindings."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from penguiflow_tui.keys import PLACE_TITLES, Place, actions_of, bindings_of
from penguiflow_tui.styles import styles_beside

_KEY_CELLS = 12


def help_text(places: Sequence[Place]) -> Content:
    """Return the keys of `places`, one below the other."""
    blocks: list[Content] = []
    for place in places:
        lines = [Content.styled(PLACE_TITLES[place], "bold $primary")]
        lines += [
            Content.assemble((action.shown.ljust(_KEY_CELLS), "bold"), (action.description, "$text-muted"))
            for action in actions_of(place)
        ]
        blocks.append(Content("\n").join(lines))
    return Content("\n\n").join(blocks)


class HelpScreen(ModalScreen[None]):
    """Shows the keys of `places`; any of the closing keys leaves."""

    DEFAULT_CSS = styles_beside(__file__)
    BINDINGS = bindings_of("dialog")

    def __init__(self, places: Sequence[Place]) -> None:
        super().__init__()
        self._places = places

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="keys") as box:
            box.border_title = "Keys"
            box.border_subtitle = "↑ ↓ scroll · Esc close"
            yield Static(help_text(self._places), markup=False)

    def on_mount(self) -> None:
        self.query_one("#keys").focus()

    def action_close(self) -> None:
        self.dismiss(None)
