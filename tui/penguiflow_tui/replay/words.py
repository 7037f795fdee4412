"""A playback in words: its speed, its clock, and what the status line says of it."""

from __future__ import annotations

from penguiflow_tui.model.figures import duration_text
from penguiflow_tui.model.marks import Mark, Tone
from penguiflow_tui.replay.playback import INSTANT, Playback, PlaybackState
from penguiflow_tui.replay.timeline import LONGEST_GAP_S

_MARKS: dict[PlaybackState, tuple[str, str, Tone]] = {
    "playing": ("▶", "", "active"),
    "paused": ("‖", " paused", "warning"),
    "over": ("■", " ended", "muted"),
}


def speed_text(speed: float) -> str:
    """Return `0.5x`, `2x` or `instant`."""
    return "instant" if speed == INSTANT else f"{speed:g}x"


def clock_text(seconds: float) -> str:
    """Return `00:47`, or `1:02:03` from an hour on."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def replay_mark(playback: Playback) -> Mark:
    """Return the words of the status line: `▶ replay 2x 00:12/00:47`."""
    glyph, state, tone = _MARKS[playback.state]
    times = f"{clock_text(playback.played_s)}/{clock_text(playback.timeline.length_s)}"
    return Mark(glyph, f"replay {speed_text(playback.speed)} {times}{state}", tone)


def gap_text(playback: Playback) -> str:
    """Return what is said while a shortened gap is played; nothing at other times."""
    gap_s = playback.timeline.shortened_gap_s(playback.position)
    if gap_s is None:
        return ""
    return f"{duration_text(gap_s * 1000)} without an event, played as {LONGEST_GAP_S:g} s"
