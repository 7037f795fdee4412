"""Tools that changed since a person approved them, one at a time: what was, what is, and a key to take it.

Nothing is approved by leaving: a tool that was not approved stays out of the agent's sight.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from penguiflow.safe_text import safe_line
from penguiflow_tui.keys import bindings_of
from penguiflow_tui.ports import ChangedTool
from penguiflow_tui.styles import styles_beside
from penguiflow_tui.tones import MUTED, TONE_STYLES
from penguiflow_tui.widgets.key_hints import KeyHints, hint

_DIFF_CHARS = 20_000
_DIFF_STYLES = {"+": TONE_STYLES["success"], "-": TONE_STYLES["error"]}


class ReviewScreen(ModalScreen[None]):
    """Shows the changes of one connection. `approve` is called with the name of each tool that is taken."""

    DEFAULT_CSS = styles_beside(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("review", "dialog")]
    AUTO_FOCUS = "#change"

    def __init__(
        self, connection: str, changes: Mapping[str, ChangedTool], *, approve: Callable[[str], None]
    ) -> None:
        super().__init__()
        self._connection = connection
        self._changes = dict(changes)
        self._approve = approve
        self._place = 0
        self._head = Static(markup=False, id="head")
        self._diff = Static(markup=False)
        self._hints = KeyHints(id="hints")

    def compose(self) -> ComposeResult:
        with Vertical(id="review") as box:
            box.border_title = Content(f"⚠ Changed tools of {safe_line(self._connection, max_chars=40)}")
            yield self._head
            with VerticalScroll(id="change"):
                yield self._diff
            yield self._hints

    def on_mount(self) -> None:
        self._show()
        self._hints.show(
            [
                hint("approve-tool", "approve this one"),
                hint("next-change", "next"),
                hint("previous-change", "before"),
                hint("close-dialog", "leave the rest held back"),
            ]
        )

    @property
    def shown(self) -> str:
        """The tool that is shown."""
        return list(self._changes)[self._place]

    def _show(self) -> None:
        change = self._changes[self.shown]
        lines = [
            Content.assemble(
                (change.shown_name, "bold"),
                (f"  {', '.join(change.kinds)}", TONE_STYLES["warning"]),
                (f"  {self._place + 1} of {len(self._changes)}", MUTED),
            ),
            Content.styled("The server describes it otherwise than when you approved it.", MUTED),
        ]
        lines += [Content.styled(f"⚠ {warning}", "bold $text-error") for warning in change.warnings]
        self._head.update(Content("\n").join(lines))
        self._diff.update(diff_content(change.diff))
        self.query_one("#change").scroll_home(animate=False)

    def action_go(self, step: int) -> None:
        self._place = (self._place + step) % len(self._changes)
        self._show()

    def action_approve(self) -> None:
        tool = self.shown
        self._approve(tool)
        del self._changes[tool]
        if not self._changes:
            self.dismiss(None)
            return
        self._place = min(self._place, len(self._changes) - 1)
        self._show()

    def action_close(self) -> None:
        self.dismiss(None)


def diff_content(diff: str) -> Content:
    """Return the lines of a difference; their first character tells it as well as the colour."""
    shown = diff[:_DIFF_CHARS]
    cut = ["… cut here"] if len(diff) > len(shown) else []
    lines = [Content.styled(line, _DIFF_STYLES.get(line[:1], "")) for line in [*shown.split("\n"), *cut]]
    return Content("\n").join(lines)
