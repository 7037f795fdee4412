"""How much time a run has left, and work that ends with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from penguiflow._clock import MonotonicClock

T = TypeVar("T")


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
        if self.at is None:
            return await work
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
