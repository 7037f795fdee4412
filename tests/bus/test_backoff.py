from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow._bus.backoff import pause_s


@pytest.mark.parametrize(
    ("failures", "chance", "pause"),
    [
        (1, 0.0, 0.5),
        (1, 0.5, 0.75),
        (2, 0.0, 1.0),
        (3, 0.0, 2.0),
        (4, 0.0, 3.0),
        (4, 1.0, 6.0),
        (10**9, 0.0, 3.0),
        (0, 0.0, 0.5),
    ],
)
def test_the_pause_doubles_with_each_failure_up_to_the_longest(
    failures: int, chance: float, pause: float
) -> None:
    assert pause_s(failures, first_s=1, longest_s=6, chance=chance) == pause


@given(
    failures=st.integers(1, 10**6), chance=st.floats(0, 1), first=st.floats(0.001, 10), more=st.floats(0, 100)
)
def test_no_pause_is_short_or_longer_than_the_longest(
    failures: int, chance: float, first: float, more: float
) -> None:
    longest = first + more

    pause = pause_s(failures, first_s=first, longest_s=longest, chance=chance)

    assert first / 2 <= pause <= longest
