"""A recording as the screen follows it: what is due becomes part of one frozen value."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from penguiflow._clock import MonotonicClock
from penguiflow.state.events import RunEvent
from penguiflow_tui.feed import EVENTS_A_PULL
from penguiflow_tui.model.reduce import reduce_all
from penguiflow_tui.model.state import EMPTY, WorkbenchState
from penguiflow_tui.replay.playback import Playback
from penguiflow_tui.replay.timeline import timeline_of


class ReplayFeed:
    """Plays `events`, at first without a pause; holds the state that those played amount to."""

    def __init__(self, events: Sequence[RunEvent], *, clock: MonotonicClock, speed: float = 1.0) -> None:
        self.state: WorkbenchState = EMPTY
        self._events = events
        self._clock = clock
        self._reduced = 0
        self._playback = Playback(timeline=timeline_of(events), speed=speed, since=clock())

    @property
    def playback(self) -> Playback:
        """Where the playback stood at the last pull or key."""
        return self._playback

    @property
    def event_count(self) -> int:
        """How many events there are to play."""
        return len(self._events)

    def pull(self) -> list[RunEvent]:
        """Play what is due and return the events that were new to the state; not all at once, if many are."""
        self._playback = self._playback.at(self._clock())
        until = min(self._playback.position, self._reduced + EVENTS_A_PULL)
        piece = list(self._events[self._reduced : until])
        self._reduced = until
        self.state = reduce_all(self.state, piece)
        return piece

    def change(self, change: Callable[[Playback, float], Playback]) -> bool:
        """Do what a key stands for, for example `Playback.toggled`.

        True when the playback went back: it begins again with the empty state.
        """
        self._playback = change(self._playback, self._clock())
        if self._playback.position >= self._reduced:
            return False
        self._reduced = 0
        self.state = EMPTY
        return True
