"""How well the summariser works, as a state machine of values.

```
HEALTHY    -- failed, not too often -->  RETRY       again after a growing delay
HEALTHY    -- failed too often ------->  DEGRADED    only recent turns are shown
RETRY      -- succeeded -------------->  HEALTHY
RETRY      -- failed too often ------->  DEGRADED
DEGRADED   -- a turn after a while --->  RECOVERING  one attempt
RECOVERING -- succeeded -------------->  HEALTHY
RECOVERING -- failed ----------------->  DEGRADED
```
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_MAX_DOUBLINGS = 30  # far beyond any useful delay, and far below what a float can hold


class MemoryHealth(StrEnum):
    """The state of a memory's summaries."""

    HEALTHY = "healthy"
    RETRY = "retry"
    DEGRADED = "degraded"
    RECOVERING = "recovering"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRules:
    """How often and when a failed summary is tried again, in seconds."""

    attempts: int
    backoff_base_s: float
    degraded_interval_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """The health, the failures since the last success, and the monotonic time of the last one if known."""

    health: MemoryHealth = MemoryHealth.HEALTHY
    failures: int = 0
    failed_at: float | None = None

    @property
    def is_whole(self) -> bool:
        """Return whether summary and pending turns are shown."""
        return self.health in (MemoryHealth.HEALTHY, MemoryHealth.RETRY)


def after_failure(condition: Condition, rules: RetryRules, now: float) -> Condition:
    """Return what a failed summary leads to."""
    failures = condition.failures + 1
    retried = condition.is_whole and failures <= rules.attempts
    health = MemoryHealth.RETRY if retried else MemoryHealth.DEGRADED
    return Condition(health=health, failures=failures, failed_at=now)


def retry_delay_s(condition: Condition, rules: RetryRules) -> float:
    """Return how long to wait before the next attempt: doubled with every failure."""
    return rules.backoff_base_s * 2.0 ** min(max(condition.failures - 1, 0), _MAX_DOUBLINGS)


def recovery_is_due(condition: Condition, rules: RetryRules, now: float) -> bool:
    """Return whether a degraded memory should be tried again; at once when nobody knows since when it is."""
    if condition.health != MemoryHealth.DEGRADED:
        return False
    return condition.failed_at is None or now - condition.failed_at >= rules.degraded_interval_s


def recovering(condition: Condition, *, something_waits: bool) -> Condition:
    """Return the condition of one more attempt; with nothing to attempt the next turns decide."""
    if not something_waits:
        return Condition()
    return Condition(
        health=MemoryHealth.RECOVERING, failures=condition.failures, failed_at=condition.failed_at
    )
