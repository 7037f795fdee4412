"""What time and keys make of a playback."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow_tui.replay.playback import INSTANT, SPEEDS, Playback
from penguiflow_tui.replay.timeline import Timeline
from penguiflow_tui.replay.words import clock_text, gap_text, replay_mark, speed_text

TIMELINE = Timeline(due_at_s=(0.0, 1.0, 1.0, 3.0, 4.0), gaps_s=(0.0, 1.0, 0.0, 45.0, 1.0))


def playing(speed: float = 1.0) -> Playback:
    return Playback(timeline=TIMELINE, speed=speed, since=100.0)


@pytest.mark.parametrize(
    ("speed", "now", "position"),
    [
        (1.0, 100.0, 1),
        (1.0, 101.0, 3),
        (1.0, 102.9, 3),
        (0.5, 101.9, 1),
        (2.0, 100.5, 3),
        (16.0, 100.2, 4),
        (INSTANT, 100.0, 5),
        (1.0, 900.0, 5),
        (1.0, 50.0, 1),
    ],
)
def test_what_is_due_has_been_played(speed: float, now: float, position: int) -> None:
    assert playing(speed).at(now).position == position


def test_a_pause_takes_no_time_of_the_recording() -> None:
    paused = playing().toggled(101.5)
    assert (paused.state, paused.position, paused.at(500.0)) == ("paused", 3, paused)
    resumed = paused.toggled(500.0)
    assert resumed.at(501.4).position == 3
    assert resumed.at(501.5).position == 4


def test_a_step_plays_one_event_and_pauses() -> None:
    first = playing().stepped(100.0)
    assert (first.state, first.position, first.played_s) == ("paused", 2, 1.0)
    second = first.stepped(100.0)
    assert (second.position, second.played_s) == (3, 1.0)
    last = second.stepped(100.0).stepped(100.0)
    assert (last.state, last.position) == ("over", 5)
    assert last.stepped(100.0) == last


def test_after_the_end_it_begins_again() -> None:
    over = playing().at(900.0)
    assert over.state == "over"
    again = over.toggled(900.0)
    assert (again.state, again.position, again.played_s) == ("playing", 0, 0.0)
    assert again.at(901.0).position == 3


def test_start_and_end_keep_what_was_paused_paused() -> None:
    assert playing().finished(101.0).rewound(102.0).state == "playing"
    paused = playing().toggled(101.0)
    assert paused.finished(102.0).rewound(103.0).state == "paused"
    assert paused.rewound(102.0).at(900.0).position == 0


def test_another_speed_counts_from_now_on() -> None:
    faster = playing().faster(101.0)
    assert (faster.speed, faster.at(101.9).position, faster.at(102.0).position) == (2.0, 3, 4)
    slowest = playing(SPEEDS[0])
    assert slowest.slower(100.0) == slowest
    assert playing(3.0).slower(100.0).speed == 2.0
    assert playing(3.0).faster(100.0).speed == 4.0
    assert playing(INSTANT).faster(100.0) == playing(INSTANT)


def test_it_says_how_long_nothing_will_happen() -> None:
    assert playing(2.0).at(100.0).wait_s() == 0.5
    assert playing(INSTANT).at(100.0).wait_s() is None
    assert playing().toggled(100.0).wait_s() is None


def test_an_empty_recording_is_over_at_once() -> None:
    empty = Playback(timeline=Timeline(), since=100.0)
    assert empty.at(100.0).state == "over"
    assert empty.toggled(101.0).at(102.0).stepped(103.0).rewound(104.0).state == "over"


KEYS: list[Callable[[Playback, float], Playback]] = [
    Playback.at,
    Playback.toggled,
    Playback.stepped,
    Playback.rewound,
    Playback.finished,
    Playback.faster,
    Playback.slower,
]


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.floats(min_value=-5, max_value=20)), max_size=40))
def test_no_key_at_any_time_leaves_the_recording(
    pressed: list[tuple[Callable[[Playback, float], Playback], float]],
) -> None:
    playback, now = playing(), 100.0
    for change, passed_s in pressed:
        now += passed_s
        playback = change(playback, now)
        assert 0 <= playback.position <= 5
        assert 0.0 <= playback.played_s <= 4.0
    if playback.since is None:
        playback = playback.toggled(now)
    assert playback.at(now + 100).state == "over"


def test_the_words_of_a_playback() -> None:
    mark = replay_mark(playing(2.0).at(100.6))
    assert (mark.glyph, mark.word) == ("▶", "replay 2x 00:01/00:04")
    assert replay_mark(playing().toggled(100.0)).word == "replay 1x 00:00/00:04 paused"
    assert replay_mark(playing(INSTANT).at(100.0)).word == "replay instant 00:04/00:04 ended"
    assert [speed_text(speed) for speed in SPEEDS] == ["0.5x", "1x", "2x", "4x", "16x", "instant"]
    assert [clock_text(seconds) for seconds in (0.9, 61, 3_723)] == ["00:00", "01:01", "1:02:03"]


def test_a_shortened_gap_is_told_while_it_is_played() -> None:
    assert gap_text(playing().at(102.0)) == "45.0 s without an event, played as 2 s"
    assert gap_text(playing().at(100.5)) == ""
