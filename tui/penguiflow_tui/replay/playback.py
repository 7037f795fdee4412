"""Where a playback stands: a value, and what each key and the passing of time make of it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from penguiflow_tui.replay.timeline import Timeline

INSTANT = math.inf
SPEEDS: tuple[float, ...] = (0.5, 1.0, 2.0, 4.0, 16.0, INSTANT)

PlaybackState = Literal["playing", "paused", "over"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Playback:
    """`position` events were played, and `played_s` of the timeline, at the clock time `since`.

    `since` is `None` while it is paused. All times are those of one monotonic clock.
    """

    timeline: Timeline
    speed: float = 1.0
    position: int = 0
    played_s: float = 0.0
    since: float | None = None

    @property
    def state(self) -> PlaybackState:
        if self.position >= len(self.timeline.due_at_s):
            return "over"
        return "paused" if self.since is None else "playing"

    def at(self, now: float) -> Playback:
        """Return the playback at a later time: what is due by then has been played."""
        if self.since is None:
            return self
        end_s = self.timeline.length_s
        passed_s = max(0.0, now - self.since)
        played_s = end_s if self.speed == INSTANT else min(end_s, self.played_s + passed_s * self.speed)
        position = max(self.position, self.timeline.due(played_s))
        return replace(self, played_s=played_s, position=position, since=now)

    def toggled(self, now: float) -> Playback:
        """Pause, go on, or after the end begin again."""
        here = self.at(now)
        match here.state:
            case "over":
                return replace(here, position=0, played_s=0.0, since=now)
            case "playing":
                return replace(here, since=None)
            case "paused":
                return replace(here, since=now)

    def stepped(self, now: float) -> Playback:
        """Pause, and play the next event."""
        here = replace(self.at(now), since=None)
        if here.state == "over":
            return here
        due_at_s = here.timeline.due_at_s[here.position]
        return replace(here, position=here.position + 1, played_s=max(here.played_s, due_at_s))

    def rewound(self, now: float) -> Playback:
        """Go back to the start; what was paused stays paused."""
        return replace(self, position=0, played_s=0.0, since=None if self.since is None else now)

    def finished(self, now: float) -> Playback:
        """Go to the end."""
        end = replace(self, position=len(self.timeline.due_at_s), played_s=self.timeline.length_s)
        return replace(end, since=None if self.since is None else now)

    def faster(self, now: float) -> Playback:
        """Take the next higher speed from now on."""
        higher = [speed for speed in SPEEDS if speed > self.speed]
        return self._with_speed(higher[0], now) if higher else self

    def slower(self, now: float) -> Playback:
        """Take the next lower speed from now on."""
        lower = [speed for speed in SPEEDS if speed < self.speed]
        return self._with_speed(lower[-1], now) if lower else self

    def _with_speed(self, speed: float, now: float) -> Playback:
        return replace(self.at(now), speed=speed)

    def wait_s(self) -> float | None:
        """Return how long after `since` the next event is due; `None` when none is to come by itself."""
        if self.state != "playing":
            return None
        return max(0.0, self.timeline.due_at_s[self.position] - self.played_s) / self.speed
