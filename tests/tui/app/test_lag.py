"""The delay of the loop, from ticks."""

from __future__ import annotations

from penguiflow_tui.lag import Lag


def after(*ticks: float) -> Lag:
    lag = Lag(period_s=0.05)
    for now in ticks:
        lag = lag.tick(now)
    return lag


def test_ticks_in_time_and_small_delays_are_no_lag() -> None:
    assert after(1.0, 1.05, 1.2).shown_ms == 0


def test_a_tick_that_comes_late_is_shown_and_fades() -> None:
    assert round(after(1.0, 4.05).shown_ms) == 3000
    assert round(after(1.0, 4.05, 4.1).shown_ms) == 2100
    assert after(1.0, 4.05, *(4.1 + 0.05 * tick for tick in range(12))).shown_ms == 0
