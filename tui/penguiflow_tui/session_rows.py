"""The lines of the session list, as safe text, and which of them a filter leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from penguiflow.safe_text import SafeText, safe_line
from penguiflow_tui.model.figures import money_text, plural
from penguiflow_tui.model.marks import Mark
from penguiflow_tui.ports import StoredSession

_STATE_MARKS: Mapping[str, Mark] = {
    "waiting": Mark("◆", "waiting for you", "warning"),
    "running": Mark("▸", "running", "active"),
    "failed": Mark("✗", "failed", "error"),
    "interrupted": Mark("■", "interrupted", "muted"),
    "idle": Mark("○", "idle", "muted"),
}
_ARCHIVED = Mark("▫", "archived", "muted")
_LINE_CHARS = 200
_ID_CHARS = 8
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One session: what it is called, what it was asked first, how it stands, and facts for a second line."""

    headline: SafeText
    aside: SafeText
    marks: tuple[Mark, ...]
    facts: tuple[SafeText, ...]
    is_fork: bool = False


def session_rows(sessions: Sequence[StoredSession], *, now: float) -> list[SessionRow]:
    """Return the rows in the order of `sessions`; a fork names its parent if that is among them."""
    called = {session.session_id: session.name or session.title for session in sessions}
    return [_row(session, called, now) for session in sessions]


def _row(session: StoredSession, called: Mapping[str, str], now: float) -> SessionRow:
    facts = [age_text(now - session.updated_at)]
    if session.runs:
        facts += [
            plural(session.runs, "run"),
            "cost ?" if session.cost_usd is None else money_text(session.cost_usd),
        ]
    title = session.name or session.title
    if session.parent_session_id is not None:
        parent = called.get(session.parent_session_id) or session.parent_session_id[:_ID_CHARS]
        if title:
            facts.append(f"from {safe_line(parent, max_chars=40)}")
        else:
            title = f"fork of {parent}"
    if session.last_line:
        facts.append(session.last_line)
    state = Mark("○", safe_line(session.state, max_chars=20), "muted")
    marks = (_ARCHIVED,) * session.archived + (_STATE_MARKS.get(session.state, state),)
    return SessionRow(
        headline=safe_line(title or "(no question yet)", max_chars=_LINE_CHARS),
        aside=safe_line(session.title if session.name else "", max_chars=_LINE_CHARS),
        marks=marks,
        facts=tuple(safe_line(fact, max_chars=_LINE_CHARS) for fact in facts),
        is_fork=session.parent_session_id is not None,
    )


def matching(sessions: Sequence[StoredSession], text: str) -> list[StoredSession]:
    """Return the sessions in which every word of `text` stands somewhere, whatever its case."""
    words = text.casefold().split()
    return [session for session in sessions if all(word in _searched(session) for word in words)]


def _searched(session: StoredSession) -> str:
    parts = (session.name, session.title, session.last_line, session.state, session.session_id)
    return "\n".join(parts).casefold()


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
