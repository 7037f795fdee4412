"""A conversation is cut down to its budget, and cutting always ends."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.planner._json import json_text
from penguiflow.planner._memory.budget import OverflowPolicy
from penguiflow.planner._memory.fitting import fitted, longest_tail
from penguiflow.planner._memory.zones import Zones, view
from penguiflow.planner.memory import MemoryBudget, MemoryBudgetExceeded
from tests.planner_memory.memories import turn

FULL = Zones(
    summary="old and new",
    pending=(turn("p1"), turn("p2")),
    recent=(turn("r1"), turn("r2")),
)


def chars_of(zones: Zones) -> int:
    return len(json_text(view(zones, whole=True, with_digest=True)))


def names(zones: Zones) -> tuple[str, ...]:
    return tuple(
        " ".join(kept.user_message for kept in zone) for zone in (zones.backlog, zones.pending, zones.recent)
    )


def budget(total: int, policy: OverflowPolicy) -> MemoryBudget:
    return MemoryBudget(summary_max_tokens=0, total_max_tokens=total, overflow_policy=policy)


@pytest.mark.parametrize(
    ("policy", "too_many", "zones", "summary"),
    [
        ("truncate_oldest", 0, ("", "p1 p2", "r1 r2"), "old and new"),
        ("truncate_oldest", 1, ("p1", "p2", "r1 r2"), "old and new"),
        ("truncate_oldest", 80, ("p1 p2", "", "r1 r2"), "old and new"),
        ("truncate_oldest", 120, ("p1 p2 r1", "", "r2"), "old and new"),
        ("truncate_summary", 1, ("", "p1 p2", "r1 r2"), "ld and new"),
        ("truncate_summary", 4, ("", "p1 p2", "r1 r2"), "and new"),
        ("truncate_summary", 40, ("p1", "p2", "r1 r2"), ""),
    ],
)
def test_what_is_cut_first_is_the_choice_of_the_policy(
    policy: OverflowPolicy, too_many: int, zones: tuple[str, ...], summary: str
) -> None:
    cut = fitted(FULL, budget(chars_of(FULL) - too_many, policy), chars_of, summary_shown=True)
    assert names(cut) == zones
    assert cut.summary == summary


def test_refusing_names_both_numbers() -> None:
    limit = chars_of(FULL) - 1
    with pytest.raises(MemoryBudgetExceeded, match=rf"{chars_of(FULL)} tokens, total_max_tokens is {limit}"):
        fitted(FULL, budget(limit, "error"), chars_of, summary_shown=True)
    assert fitted(FULL, budget(chars_of(FULL), "error"), chars_of, summary_shown=True) is FULL


@pytest.mark.parametrize("policy", ["truncate_oldest", "truncate_summary", "error"])
def test_without_a_total_everything_stays(policy: OverflowPolicy) -> None:
    assert fitted(FULL, budget(0, policy), chars_of, summary_shown=True) is FULL


@pytest.mark.parametrize("policy", ["truncate_oldest", "truncate_summary"])
def test_when_even_nothing_is_too_much_nothing_is_shown(policy: OverflowPolicy) -> None:
    cut = fitted(FULL, budget(1, policy), chars_of, summary_shown=True)
    assert names(cut) == ("p1 p2 r1 r2", "", "")
    assert cut.summary == ""


@pytest.mark.parametrize("policy", ["truncate_oldest", "truncate_summary"])
def test_a_summary_that_is_not_shown_is_not_cut(policy: OverflowPolicy) -> None:
    def recent_only(zones: Zones) -> int:
        return len(json_text(view(zones, whole=False, with_digest=True)))

    cut = fitted(FULL.with_pending_hidden(), budget(1, policy), recent_only, summary_shown=False)
    assert cut.summary == "old and new"
    assert cut.recent == ()


TURNS = st.lists(st.text(max_size=30), max_size=6).map(lambda texts: tuple(map(turn, texts)))
ZONES = st.builds(Zones, summary=st.text(max_size=60), backlog=TURNS, pending=TURNS, recent=TURNS)


@given(ZONES, st.integers(0, 700), st.sampled_from(["truncate_oldest", "truncate_summary"]))
def test_what_is_left_fits_or_is_empty_and_no_turn_is_gone(
    zones: Zones, total: int, policy: OverflowPolicy
) -> None:
    cut = fitted(zones, budget(total, policy), chars_of, summary_shown=True)
    assert total == 0 or chars_of(cut) <= total or not (cut.pending or cut.recent or cut.summary)
    assert cut.waiting + cut.recent == zones.waiting + zones.recent
    assert zones.summary.endswith(cut.summary)


@given(ZONES, st.integers(1, 50), st.sampled_from(["truncate_oldest", "truncate_summary"]), st.randoms())
def test_cutting_ends_whatever_the_estimator_says(
    zones: Zones, total: int, policy: OverflowPolicy, noise: object
) -> None:
    def senseless(_: Zones) -> int:
        return noise.randint(0, 100)  # type: ignore[attr-defined]

    fitted(zones, budget(total, policy), senseless, summary_shown=True)


@given(st.text(max_size=80), st.integers(0, 100))
def test_the_longest_end_of_a_text_is_kept(text: str, limit: int) -> None:
    assert longest_tail(text, lambda tail: len(tail) <= limit) == text[max(0, len(text) - limit) :]


@given(ZONES, st.integers(0, 20))
def test_numbers_of_turns_stay_when_the_backlog_is_bounded(zones: Zones, limit: int) -> None:
    bounded = zones.with_backlog_of(limit)
    assert len(bounded.backlog) <= limit
    assert bounded.end == zones.end
    assert bounded.turns_from(0) == zones.turns_from(bounded.left)


@given(ZONES, st.integers(0, 20), st.integers(0, 5))
def test_a_summary_removes_the_turns_it_covers_and_no_other(zones: Zones, end: int, left: int) -> None:
    numbered = replace(zones, left=left)
    after = numbered.summarised(min(end, numbered.waiting_end), "s")
    assert after.turns_from(0) == numbered.turns_from(max(left, min(end, numbered.waiting_end)))
    assert after.end == numbered.end
