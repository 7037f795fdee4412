"""A replay ends where the live session ended."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from penguiflow.state.events import EventBody, RunEvent, StepStarted, from_record, to_record
from penguiflow_tui.feed import EVENTS_A_PULL, SessionFeed
from penguiflow_tui.model import EMPTY
from penguiflow_tui.replay.feed import ReplayFeed
from penguiflow_tui.replay.playback import INSTANT, SPEEDS, Playback
from penguiflow_tui.sample_run import sample_events
from tests.fakes.session import FakeSession
from tests.fakes.workbench import Ticks

BODIES = st.sampled_from([event.body for event in sample_events()])
HISTORIES = st.lists(
    st.tuples(st.sampled_from(["r1", "r2"]), BODIES, st.floats(min_value=-100, max_value=100)), max_size=30
)


def live_and_stored(history: list[tuple[str, EventBody, float]]) -> tuple[SessionFeed, list[RunEvent]]:
    """Show the history as it happens, and return what a store gives back of it."""
    session = FakeSession()
    feed = SessionFeed(session)
    for run_id, body, _ in history:
        session.happened(body, run_id=run_id)
        feed.pull()
    events, _ = session.events_since(0)
    return feed, [from_record(json.loads(json.dumps(to_record(event)))) for event in events]


@settings(deadline=None)  # the first example pays for the imports of pydantic
@given(HISTORIES, st.sampled_from(SPEEDS), st.floats(min_value=0.01, max_value=60))
def test_a_live_session_and_its_replay_end_in_the_same_state(
    history: list[tuple[str, EventBody, float]], speed: float, tick_s: float
) -> None:
    live, stored = live_and_stored(history)
    clock = Ticks()
    replay = ReplayFeed(stored, clock=clock, speed=speed)
    seen: list[RunEvent] = []
    while replay.playback.state != "over" or len(seen) < len(stored):
        seen += replay.pull()
        clock.now += tick_s
    assert seen == stored
    assert replay.state == live.state


def test_the_sample_session_replays_key_by_key_to_the_same_state() -> None:
    live, stored = live_and_stored([(event.run_id, event.body, 0.0) for event in sample_events()])
    replay = ReplayFeed(stored, clock=Ticks())
    for _ in stored:
        replay.pull()
        replay.change(Playback.stepped)
    replay.pull()
    assert replay.state == live.state


def test_going_back_begins_with_the_empty_state() -> None:
    _, stored = live_and_stored([(event.run_id, event.body, 0.0) for event in sample_events()])
    replay = ReplayFeed(stored, clock=Ticks())
    assert not replay.change(Playback.finished)
    replay.pull()
    ended = replay.state
    assert ended.event_count == len(stored)
    assert replay.change(Playback.rewound)
    assert replay.state is EMPTY
    replay.change(Playback.finished)
    replay.pull()
    assert replay.state == ended


def test_a_long_recording_comes_in_pieces_even_at_once() -> None:
    events = [
        RunEvent(session_id="s", run_id="r", seq=seq, ts=0.0, body=StepStarted(step=1))
        for seq in range(EVENTS_A_PULL + 1)
    ]
    replay = ReplayFeed(events, clock=Ticks(), speed=INSTANT)
    assert [len(replay.pull()) for _ in range(3)] == [EVENTS_A_PULL, 1, 0]
