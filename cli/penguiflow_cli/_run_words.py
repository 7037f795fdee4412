"""The words and numbers in which runs are told: states, times, costs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from penguiflow.sessions.projections.recorded_run import RunEnd
from penguiflow.state.summaries import SessionState
from penguiflow_cli._styled import Span, Style
from penguiflow_tui.model.figures import count_text, money_text

_MARKS: Mapping[str, tuple[str, Style]] = MappingProxyType(
    {
        "done": ("✓", "success"),
        "stopped": ("■", "warning"),
        "waiting": ("◆", "warning"),
        "failed": ("✗", "error"),
        "interrupted": ("■", "warning"),
        "running": ("▸", "active"),
    }
)


def state_word(state: SessionState | RunEnd, reason: str) -> str:
    """Return how a run stands; one that ended by itself is done, or has stopped without a full answer."""
    if state in ("idle", "finished"):
        return "done" if reason in ("", "answer_complete") else "stopped"
    return state


def state_mark(word: str) -> Span:
    """Return the sign of a state."""
    return Span(*_MARKS[word])


def state_span(word: str) -> Span:
    """Return the sign and the word of a state."""
    mark = state_mark(word)
    return Span(f"{mark.text} {word}", mark.style)


def cost_of(usd: float | None) -> str:
    """Return a cost; one that nobody knows is `cost ?`."""
    return "cost ?" if usd is None else money_text(usd)


def iso_time(ts: float) -> str:
    """Return a local time with its offset, to the second; `?` for a time no calendar has."""
    try:
        return datetime.fromtimestamp(ts).astimezone().isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return "?"


def local_time(ts: float) -> str:
    """Return a local time for a person, to the second."""
    return iso_time(ts)[:19].replace("T", " ")


def day_time(ts: float, now: float) -> str:
    """Return when something was, as short as it can be told: `14:02`, `27 Nov 14:02`, `27 Nov 2024`."""
    try:
        then, today = datetime.fromtimestamp(ts), datetime.fromtimestamp(now)
    except (ValueError, OverflowError, OSError):
        return "?"
    if then.date() == today.date():
        return f"{then:%H:%M:%S}"
    if then.year == today.year:
        return f"{then.day} {then:%b %H:%M}"
    return f"{then.day} {then:%b %Y}"


def tokens_of(received: int | None, written: int | None) -> str:
    """Return `1.2k in 340 out`, with `?` for a count that nobody told."""
    if received is None and written is None:
        return "tokens ?"
    counts = ("?" if count is None else count_text(count) for count in (received, written))
    return "{} in {} out".format(*counts)
