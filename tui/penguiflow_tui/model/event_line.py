"""One event of the history as one line: when, what kind, and the gist."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from penguiflow.safe_text import SafeText, safe_line
from penguiflow.state.events import RunEvent
from penguiflow_tui.model.event_gist import event_gist
from penguiflow_tui.model.marks import Tone

SUMMARY_CHARS = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class EventLine:
    """A line of the event log. `kind` is a short word; `summary` is one safe line."""

    time: str
    glyph: str
    kind: str
    summary: SafeText
    tone: Tone


def event_line(event: RunEvent) -> EventLine:
    """Return the line of `event`; its time is local."""
    mark, gist = event_gist(event.body)
    return EventLine(
        time=clock_text(event.ts),
        glyph=mark.glyph,
        kind=mark.word,
        summary=safe_line(gist, max_chars=SUMMARY_CHARS),
        tone=mark.tone,
    )


def clock_text(ts: float) -> str:
    """Return the local time of day with milliseconds; a time no calendar has is shown as dashes."""
    try:
        return datetime.fromtimestamp(ts).strftime("%H:%M:%S.%f")[:-3]
    except (ValueError, OverflowError, OSError):
        return "--:--:--.---"
