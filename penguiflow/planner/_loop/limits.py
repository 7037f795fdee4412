"""When a run must end, and how much time it has left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from penguiflow._clock import MonotonicClock
from penguiflow.planner._loop.progress import Progress
from penguiflow.planner.models import FinishReason

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of one run, as the constructor takes them."""

    max_iters: int = 8
    hop_budget: int | None = None
    deadline_s: float | None = None
    repair_attempts: int = 3
    max_consecutive_arg_failures: int = 3
    absolute_max_parallel: int = 50

    def __post_init__(self) -> None:
        for name, least in (("max_iters", 1), ("repair_attempts", 1), ("absolute_max_parallel", 1)):
            if getattr(self, name) < least:
                raise ValueError(f"`{name}` must be at least {least}; got {getattr(self, name)}")
        for name in ("hop_budget", "deadline_s"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ValueError(f"`{name}` must not be negative; got {value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """The moment a run must be over, on the run's own clock; `at=None` means never."""

    at: float | None
    clock: MonotonicClock

    @classmethod
    def after(cls, seconds: float | None, clock: MonotonicClock) -> Deadline:
        """Return the deadline that many seconds from now."""
        return cls(at=None if seconds is None else clock() + seconds, clock=clock)

    def remaining_s(self) -> float | None:
        """Return the seconds left, never below zero; None when there is no deadline."""
        return None if self.at is None else max(0.0, self.at - self.clock())

    def has_passed(self) -> bool:
        """Return whether the time is over."""
        return self.remaining_s() == 0.0

    async def bound(self, work: Awaitable[T]) -> T:
        """Await `work` for as long as there is time.

        Raises:
            DeadlineReached: the deadline passed meanwhile; the work was cancelled.
        """
        timeout = asyncio.timeout(self.remaining_s())
        try:
            async with timeout:
                return await work
        except TimeoutError as exc:
            if timeout.expired():
                raise DeadlineReached from exc
            raise


class DeadlineReached(Exception):
    """The deadline passed while something was awaited."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The run ends without an answer."""

    reason: FinishReason
    thought: str


def verdict(progress: Progress, limits: Limits, *, steps: int) -> Stop | None:
    """Return why no further step may begin, None when one may."""
    if progress.deadline_passed:
        return Stop("budget_exhausted", "deadline reached")
    if steps < limits.max_iters:
        return None
    if progress.hop_exhausted:
        return Stop("budget_exhausted", "hop budget and iteration limit reached")
    return Stop("no_path", "iteration limit reached")


def hops_missing(progress: Progress, limits: Limits, wanted: int) -> bool:
    """Return whether the hop budget does not allow that many more calls."""
    return limits.hop_budget is not None and progress.hops_used + wanted > limits.hop_budget
