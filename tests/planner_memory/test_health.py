"""The states of a summariser that fails and works again."""

from __future__ import annotations

import pytest

from penguiflow.planner._memory.health import (
    Condition,
    RetryRules,
    after_failure,
    recovering,
    recovery_is_due,
    retry_delay_s,
)
from penguiflow.planner.memory import MemoryHealth

HEALTHY, RETRY, DEGRADED, RECOVERING = MemoryHealth
RULES = RetryRules(attempts=2, backoff_base_s=3.0, degraded_interval_s=30.0)
NOW = 100.0


@pytest.mark.parametrize(
    ("health", "failures", "attempts", "expected"),
    [
        (HEALTHY, 0, 2, RETRY),
        (RETRY, 1, 2, RETRY),
        (RETRY, 2, 2, DEGRADED),
        (HEALTHY, 0, 0, DEGRADED),
        (RECOVERING, 3, 2, DEGRADED),
        (RECOVERING, 0, 2, DEGRADED),
    ],
)
def test_a_failure_is_retried_until_it_is_given_up(
    health: MemoryHealth, failures: int, attempts: int, expected: MemoryHealth
) -> None:
    rules = RetryRules(attempts=attempts, backoff_base_s=3.0, degraded_interval_s=30.0)
    after = after_failure(Condition(health=health, failures=failures), rules, NOW)
    assert after == Condition(health=expected, failures=failures + 1, failed_at=NOW)


@pytest.mark.parametrize(("failures", "delay_s"), [(1, 3.0), (2, 6.0), (3, 12.0), (10_000, 3.0 * 2**30)])
def test_the_delay_doubles_with_every_failure_and_stays_a_number(failures: int, delay_s: float) -> None:
    assert retry_delay_s(Condition(health=RETRY, failures=failures), RULES) == delay_s


@pytest.mark.parametrize(
    ("health", "failed_at", "due"),
    [
        (DEGRADED, NOW - 29.9, False),
        (DEGRADED, NOW - 30.0, True),
        (DEGRADED, None, True),
        (HEALTHY, NOW - 99.0, False),
        (RETRY, NOW - 99.0, False),
        (RECOVERING, NOW - 99.0, False),
    ],
)
def test_only_a_degraded_memory_recovers_and_only_after_a_while(
    health: MemoryHealth, failed_at: float | None, due: bool
) -> None:
    assert recovery_is_due(Condition(health=health, failed_at=failed_at), RULES, NOW) is due


def test_a_recovery_with_nothing_to_summarise_is_over_at_once() -> None:
    degraded = Condition(health=DEGRADED, failures=3, failed_at=NOW)
    assert recovering(degraded, something_waits=True).health == RECOVERING
    assert recovering(degraded, something_waits=False) == Condition()


@pytest.mark.parametrize(
    ("health", "is_whole"), [(HEALTHY, True), (RETRY, True), (DEGRADED, False), (RECOVERING, False)]
)
def test_a_memory_that_gave_up_shows_recent_turns_only(health: MemoryHealth, is_whole: bool) -> None:
    assert Condition(health=health).is_whole is is_whole
