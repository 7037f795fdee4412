"""The Replay screen: a recorded run or session on the panes of the Run screen, played by a clock.

It holds no session: there is nothing to ask, to decide or to connect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import work
from textual.binding import BindingType

from penguiflow._clock import MonotonicClock
from penguiflow.state.errors import StoreError
from penguiflow_tui.chat_messages import LeaveWanted
from penguiflow_tui.keys import bindings_of
from penguiflow_tui.ports import Recording
from penguiflow_tui.replay.feed import ReplayFeed
from penguiflow_tui.replay.playback import Playback
from penguiflow_tui.replay.words import replay_mark
from penguiflow_tui.screens.panes import PanesScreen
from penguiflow_tui.startup import LoadFailed, Loading, Recorded
from penguiflow_tui.widgets.replay_bar import ReplayBar

_WHAT = "the recording"


class ReplayScreen(PanesScreen):
    """Plays one recording from its start."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("replay")]
    AUTO_FOCUS = "ReplayBar"

    def __init__(
        self, recording: Recording, *, project: str, ticks: MonotonicClock, speed: float = 1.0
    ) -> None:
        self._recording = recording
        self._speed = speed
        self._player: ReplayFeed | None = None
        self._bar = ReplayBar(id="replay")
        super().__init__(
            project=project,
            startup=Loading(progress="reading", what=_WHAT),
            foot=self._bar,
            ticks=ticks,
            is_recorded=True,
        )

    @property
    def playback(self) -> Playback | None:
        """Where the playback stands; `None` until the recording is read."""
        return None if self._player is None else self._player.playback

    def on_mount(self) -> None:
        # The first picture comes before the reading, which may take a while.
        self.call_after_refresh(self._load)

    @work(group="load", exclusive=True, exit_on_error=False)
    async def _load(self) -> None:
        try:
            events = await self._recording.load_events()
        except StoreError as exc:
            hint = exc.hint or "Nothing was changed."
            self.show_startup(LoadFailed(message=str(exc), hint=hint, what=_WHAT, may_try_again=False))
            return
        self.show_startup(Recorded(title=self._recording.title, events=len(events)))
        self._player = ReplayFeed(events, clock=self._ticks, speed=self._speed)
        self.follow(self._player, self._recording)

    def before_pull(self) -> None:
        self._bar.show(self.playback)
        self.show_status()

    def show_status(self) -> None:
        run = self.state.run
        playback = self.playback
        self._status.show(
            self.state,
            title=self._project,
            model=None if run is None else run.model,
            lag_ms=self.lag_ms,
            is_starting=isinstance(self._startup, Loading),
            replay=None if playback is None else replay_mark(playback),
        )

    # Keys

    def _change(self, change: Callable[[Playback, float], Playback]) -> None:
        if self._player is not None and self._player.change(change):
            self.clear_panes()

    def action_play(self) -> None:
        self._change(Playback.toggled)

    def action_next_event(self) -> None:
        self._change(Playback.stepped)

    def action_faster(self) -> None:
        self._change(Playback.faster)

    def action_slower(self) -> None:
        self._change(Playback.slower)

    def action_to_start(self) -> None:
        self._change(Playback.rewound)

    def action_to_end(self) -> None:
        self._change(Playback.finished)

    def action_leave(self) -> None:
        self.post_message(LeaveWanted())
