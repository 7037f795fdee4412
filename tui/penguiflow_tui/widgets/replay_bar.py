"""The foot of a replay: how far it is, and what the keys do."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from penguiflow_tui.keys import shown_key
from penguiflow_tui.replay.playback import Playback
from penguiflow_tui.replay.words import clock_text, gap_text, speed_text
from penguiflow_tui.styles import styles_beside
from penguiflow_tui.tones import MUTED
from penguiflow_tui.widgets.key_hints import KeyHint, hint, one_line

_MIN_BAR_CELLS = 6


class ReplayBar(Static, can_focus=True):
    """Shows a playback; its keys are those of the screen. Never asks for a layout while it plays."""

    DEFAULT_CSS = styles_beside(__file__)
    BORDER_TITLE = "Replay"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(markup=False, id=id)
        self._playback: Playback | None = None
        self._drawn: Content | None = None

    def show(self, playback: Playback | None) -> None:
        """Show where the playback stands; nothing while there is no recording yet."""
        self._playback = playback
        self._draw()

    def on_resize(self) -> None:
        self._draw()

    def watch_has_focus(self, has_focus: bool) -> None:
        super().watch_has_focus(has_focus)
        self._draw()

    def _draw(self) -> None:
        cells = self.content_size.width
        if self._playback is None or not cells:
            return
        keys = keys_line(self._playback, cells, has_focus=self.has_focus)
        content = Content("\n").join([place_line(self._playback, cells), keys])
        if content != self._drawn:
            self._drawn = content
            self.update(content, layout=False)
        self.border_title = f"Replay {speed_text(self._playback.speed)}"
        self.border_subtitle = Content(gap_text(self._playback)) if self._playback.state == "playing" else ""


def place_line(playback: Playback, cells: int) -> Content:
    """Return the times, a bar between them, and which event was the last one."""
    timeline = playback.timeline
    count = f"event {playback.position:,}/{len(timeline.due_at_s):,}"
    played, whole = clock_text(playback.played_s), clock_text(timeline.length_s)
    bar_cells = cells - len(played) - len(whole) - len(count) - 4
    if bar_cells < _MIN_BAR_CELLS:
        return Content.assemble(f"{played}/{whole}  ", (count, MUTED)).truncate(cells, ellipsis=True)
    share = playback.played_s / timeline.length_s if timeline.length_s else float(playback.state == "over")
    filled = min(bar_cells, int(share * bar_cells))
    return Content.assemble(
        f"{played} ",
        ("━" * filled, "$text-primary"),
        ("─" * (bar_cells - filled), MUTED),
        f" {whole}  ",
        (count, MUTED),
    )


def keys_line(playback: Playback, cells: int, *, has_focus: bool) -> Content:
    """Return what the keys do now, as many as fit; the bar's own ones only while it has the focus."""
    play = {"playing": "pause", "paused": "play", "over": "again"}[playback.state]
    jumps = f"{shown_key('replay-start')}/{shown_key('replay-end')}"
    hints = [
        hint("play", play),
        hint("next-event", "next"),
        KeyHint(f"{shown_key('faster')}/{shown_key('slower')}", "speed"),
        KeyHint(jumps, "jump") if has_focus else hint("chat", "more"),
        hint("leave-replay", "leave"),
    ]
    while len(hints) > 1 and one_line(hints).cell_length > cells:
        hints.pop(-2)  # the last one leaves, which a person must find
    return one_line(hints)
