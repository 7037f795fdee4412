"""When a key counts as meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow_tui.key_guard import QUIET_S, KeyGuard, may_take_focus


def test_no_key_counts_before_the_card_is_drawn() -> None:
    assert not KeyGuard().accepts(10.0)


@given(st.lists(st.floats(min_value=0.0, max_value=QUIET_S - 0.01), max_size=20))
def test_a_burst_of_typing_never_counts_however_long_it_lasts(pauses: list[float]) -> None:
    guard = KeyGuard()
    now = 0.0
    guard.drawn(now)
    for pause in pauses:
        now += pause
        assert not guard.accepts(now)
    assert guard.accepts(now + QUIET_S + 0.01)


@pytest.mark.parametrize(
    ("typed_text", "last_key_at", "may"),
    [("", None, True), ("", 8.0, True), ("", 9.5, False), ("half a sent", None, False), (" ", 1.0, False)],
)
def test_a_card_takes_the_focus_only_from_somebody_who_does_not_write(
    typed_text: str, last_key_at: float | None, may: bool
) -> None:
    assert may_take_focus(typed_text=typed_text, last_key_at=last_key_at, now=10.0) is may
