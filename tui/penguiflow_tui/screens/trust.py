"""May this server be started? Asked before it is, with the exact command; no is the answer at hand."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from penguiflow._clock import MonotonicClock, monotonic_clock
from penguiflow_tui.key_guard import KeyGuard
from penguiflow_tui.keys import bindings_of, shown_key
from penguiflow_tui.ports import ServerQuestion, TrustAnswer
from penguiflow_tui.styles import styles_beside
from penguiflow_tui.tones import MUTED
from penguiflow_tui.widgets.trust_texts import trust_facts, trust_head

_ANSWERS: tuple[tuple[TrustAnswer, str, str, str], ...] = (
    ("later", "later-server", "Not now", "start nothing and decide nothing"),
    ("refused", "refuse-server", "Never", "start nothing, and do not ask again until it changes"),
    ("once", "trust-once", "This time", "start it, and ask again the next time"),
    ("trusted", "trust-server", "Trust it", "start it now and later, as long as it stays as it is"),
)


class TrustScreen(ModalScreen[TrustAnswer]):
    """Gives the answer. Keys count half a second after it appears: they may have been meant for another."""

    DEFAULT_CSS = styles_beside(__file__)
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("trust")]
    AUTO_FOCUS = "OptionList"

    def __init__(self, question: ServerQuestion, *, clock: MonotonicClock = monotonic_clock) -> None:
        super().__init__()
        self._question = question
        self._clock = clock
        self._guard = KeyGuard()

    def compose(self) -> ComposeResult:
        with Vertical(id="trust") as box:
            box.border_title = "◆ Start this tool server?"
            box.border_subtitle = "Tab and ↑ ↓ read all of it"
            yield Static(trust_head(self._question), markup=False)
            with VerticalScroll(id="facts", can_focus=True):
                yield Static(trust_facts(self._question), markup=False)
            yield OptionList(*(_option(answer) for answer in _ANSWERS), markup=False)

    def on_mount(self) -> None:
        self._guard.drawn(self._clock())
        self.query_one(OptionList).highlighted = 0

    def on_key(self, event: events.Key) -> None:
        moves = event.key in ("up", "down", "pageup", "pagedown", "tab", "shift+tab")
        if not moves and not self._guard.accepts(self._clock()):
            event.prevent_default()
            event.stop()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        if self._guard.accepts(self._clock()):
            self.dismiss(_ANSWERS[event.option_index][0])

    def action_answer(self, answer: TrustAnswer) -> None:
        self.dismiss(answer)


def _option(answer: tuple[TrustAnswer, str, str, str]) -> Option:
    _, action, label, what = answer
    return Option(
        Content.assemble((f"{shown_key(action):<4}", "bold $accent"), (f"{label:<10}", "bold"), (what, MUTED))
    )
