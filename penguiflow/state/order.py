"""The order of a history."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence

from penguiflow.state.events import RunEvent


def in_history_order(appended: Sequence[RunEvent]) -> list[RunEvent]:
    """Return events as they were appended, with each run's events by `seq`.

    The places that a run has taken stay its own, so two runs stay interleaved as they happened. Clocks are
    not asked: they may have been set back.
    """
    runs: defaultdict[str, list[RunEvent]] = defaultdict(list)
    for event in appended:
        runs[event.run_id].append(event)
    by_seq = {run_id: deque(sorted(events, key=lambda event: event.seq)) for run_id, events in runs.items()}
    return [by_seq[event.run_id].popleft() for event in appended]
