"""The stored sessions: what each is about, what became of it, and its last line."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from penguiflow._clock import WallClock, wall_clock
from penguiflow.safe_text import safe_line
from penguiflow_tui.keys import bindings_of
from penguiflow_tui.ports import StoredSession
from penguiflow_tui.styles import styles_beside

_STATE_MARKS = {
    "waiting": ("◆ waiting for you", "bold $text-warning"),
    "running": ("▸ running", "$primary"),
    "failed": ("✗ failed", "$text-error"),
    "interrupted": ("■ interrupted", "$text-muted"),
    "idle": ("○ idle", "$text-muted"),
}
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


class SessionsScreen(ModalScreen[str | None]):
    """Gives the id of the session to open, or nothing."""

    DEFAULT_CSS = styles_beside(__file__)
    BINDINGS = bindings_of("sessions")

    def __init__(
        self, sessions: Sequence[StoredSession], *, current_id: str | None, clock: WallClock = wall_clock
    ) -> None:
        super().__init__()
        self._sessions = sessions
        self._current_id = current_id
        self._now = clock()

    def compose(self) -> ComposeResult:
        with Vertical(id="sessions") as box:
            box.border_title = "Sessions"
            box.border_subtitle = "Enter open · Ctrl+N new · Esc close"
            if self._sessions:
                yield OptionList(
                    *(
                        Option(
                            session_text(session, self._now, is_open=session.session_id == self._current_id)
                        )
                        for session in self._sessions
                    ),
                    markup=False,
                )
            else:
                yield Static(
                    "No session is stored yet. Ask the agent something: it is kept here.", markup=False
                )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._sessions[event.option_index].session_id)

    def action_open(self) -> None:
        if self._sessions:
            self.query_one(OptionList).action_select()

    def action_dismiss_list(self) -> None:
        self.dismiss(None)


def session_text(session: StoredSession, now: float, *, is_open: bool) -> Content:
    """Return two lines: title and state, last line and age."""
    mark, style = _STATE_MARKS.get(
        session.state, (f"○ {safe_line(session.state, max_chars=20)}", "$text-muted")
    )
    title = safe_line(session.title or "(no question yet)", max_chars=100)
    here = "  this session" if is_open else ""
    last_line = safe_line(session.last_line, max_chars=100)
    return Content.assemble(
        (title, "bold"),
        (here, "$primary"),
        "\n",
        (mark, style),
        (f" · {age_text(now - session.updated_at)}", "$text-muted"),
        (f" · {last_line}" if last_line else "", "$text-muted"),
    )


def age_text(age_s: float) -> str:
    """Return `just now`, `5 min ago`, `3 h ago` or `2 days ago`."""
    if age_s < _MINUTE:
        return "just now"
    if age_s < _HOUR:
        return f"{age_s // _MINUTE:.0f} min ago"
    if age_s < _DAY:
        return f"{age_s // _HOUR:.0f} h ago"
    days = int(age_s // _DAY)
    return "1 day ago" if days == 1 else f"{days} days ago"
