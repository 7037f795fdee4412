"""When recorded events are due, whatever the clocks did."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.state.events import RunEvent, StepStarted
from penguiflow_tui.replay.timeline import LONGEST_GAP_S, gap_s, timeline_of


def event(ts: float, elapsed_ms: float | None = None, run_id: str = "run-1") -> RunEvent:
    return RunEvent(
        session_id="s", run_id=run_id, seq=0, ts=ts, elapsed_ms=elapsed_ms, body=StepStarted(step=1)
    )


@pytest.mark.parametrize(
    ("before", "after", "gap"),
    [
        pytest.param(event(100, 0), event(900, 250), 0.25, id="the monotonic clock counts"),
        pytest.param(event(100, 500), event(50, 750), 0.25, id="the wall clock was set back"),
        pytest.param(event(100), event(101.5), 1.5, id="events of version 1 have the wall clock only"),
        pytest.param(event(100), event(40), 0.0, id="set back in version 1"),
        pytest.param(event(100, 9_000), event(130, 10), 30.0, id="another stretch of work began"),
        pytest.param(event(100, 9_000), event(60, 10), 0.0, id="another stretch, and set back"),
        pytest.param(event(100, 10), event(103, 5_000, "run-2"), 3.0, id="runs have clocks of their own"),
        pytest.param(event(100, 10), event(float("nan")), 0.0, id="a time that is none"),
    ],
)
def test_the_time_between_two_events(before: RunEvent, after: RunEvent, gap: float) -> None:
    assert gap_s(before, after) == pytest.approx(gap)


def test_long_gaps_are_shortened_and_told() -> None:
    timeline = timeline_of([event(0), event(0.5), event(60.5), event(61)])
    assert timeline.due_at_s == pytest.approx((0.0, 0.5, 2.5, 3.0))
    assert timeline.length_s == pytest.approx(3.0)
    assert [timeline.shortened_gap_s(position) for position in range(5)] == [None, None, 60.0, None, None]


def test_as_many_events_are_due_as_their_times_have_come() -> None:
    timeline = timeline_of([event(0), event(1), event(1), event(2)])
    assert [timeline.due(played_s) for played_s in (0.0, 0.9, 1.0, 1.9, 2.0, 99.0)] == [1, 1, 3, 3, 4, 4]


def test_nothing_recorded_takes_no_time() -> None:
    timeline = timeline_of([])
    assert (timeline.length_s, timeline.due(5.0), timeline.shortened_gap_s(0)) == (0.0, 0, None)


TIMES = st.floats(allow_nan=True, allow_infinity=True)
EVENTS = st.builds(event, ts=TIMES, elapsed_ms=st.none() | TIMES, run_id=st.sampled_from(["run-1", "run-2"]))


@given(st.lists(EVENTS, max_size=30))
def test_no_clock_stalls_or_reverses_a_playback(events: list[RunEvent]) -> None:
    due_at_s = timeline_of(events).due_at_s
    assert len(due_at_s) == len(events)
    assert all(0 <= after - before <= LONGEST_GAP_S + 1e-9 for before, after in pairwise(due_at_s))
