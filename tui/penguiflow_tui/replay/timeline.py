"""When each event of a recording is due, counted in seconds of playback at normal speed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from penguiflow.state.events import RunEvent

LONGEST_GAP_S = 2.0
"""A longer time in which nothing happened is played as if it had lasted so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """`due_at_s` holds the time of each event and never decreases; `gaps_s` the real time before each."""

    due_at_s: tuple[float, ...] = ()
    gaps_s: tuple[float, ...] = ()

    @property
    def length_s(self) -> float:
        """How long the playback takes at normal speed."""
        return self.due_at_s[-1] if self.due_at_s else 0.0

    def due(self, played_s: float) -> int:
        """Return how many events are due once so much has been played."""
        return bisect_right(self.due_at_s, played_s)

    def shortened_gap_s(self, position: int) -> float | None:
        """Return how long nothing happened before this event, if that is played shorter than it was."""
        if position >= len(self.gaps_s) or self.gaps_s[position] <= LONGEST_GAP_S:
            return None
        return self.gaps_s[position]


def timeline_of(events: Sequence[RunEvent]) -> Timeline:
    """Return the times of `events`, which are played in the order in which they stand."""
    if not events:
        return Timeline()
    gaps = [0.0, *(gap_s(before, after) for before, after in pairwise(events))]
    due_at_s: list[float] = []
    now_s = 0.0
    for gap in gaps:
        now_s += min(gap, LONGEST_GAP_S)
        due_at_s.append(now_s)
    return Timeline(due_at_s=tuple(due_at_s), gaps_s=tuple(gaps))


def gap_s(before: RunEvent, after: RunEvent) -> float:
    """Return the time between two events, never less than none.

    Within one stretch of work the monotonic clock counts. Between stretches, between runs, and in events of
    version 1 there is only the wall clock, which somebody may have set back.
    """
    if before.run_id == after.run_id and before.elapsed_ms is not None and after.elapsed_ms is not None:
        within_s = (after.elapsed_ms - before.elapsed_ms) / 1000
        if within_s >= 0:
            return within_s
    between_s = after.ts - before.ts
    return between_s if between_s > 0 else 0.0
