"""What a run amounted to, counted from its events, so that it holds across pauses and processes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from penguiflow.state.events import (
    ModelCalled,
    PersonAnswered,
    PersonAsked,
    RunEvent,
    RunFailed,
    RunFinished,
    RunInterrupted,
    RunStarted,
    StepStarted,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTotals:
    """`worked_ms` leaves out the time a person was asked. One unknown cost makes the sum unknown."""

    steps: int = 0
    llm_calls: int = 0
    cost_usd: float | None = None
    worked_ms: float = 0.0


def run_totals(events: Iterable[RunEvent], *, now: float, elapsed_ms: float | None = None) -> RunTotals:
    """Count one run; `now` is the Unix time until which an unfinished run has worked.

    `elapsed_ms` is the same moment on the run's monotonic clock, where that is known.
    """
    steps, worked_s = 0, 0.0
    costs: list[float | None] = []
    working_since: float | None = None
    for event in events:
        match event.body:
            case StepStarted(step=step):
                steps = max(steps, step)
            case ModelCalled(cost_usd=cost, error=error):
                costs.append(0.0 if cost is None and error is not None else cost)
            case RunStarted() | PersonAnswered():
                working_since = event.ts
            case PersonAsked() | RunFinished() | RunFailed() | RunInterrupted():
                worked_s += _stretch_s(working_since, event.ts, event.elapsed_ms)
                working_since = None
            case _:
                pass
    worked_s += _stretch_s(working_since, now, elapsed_ms)
    return RunTotals(
        steps=steps, llm_calls=len(costs), cost_usd=sum_known(costs), worked_ms=round(worked_s * 1000, 3)
    )


def sum_known(costs: Iterable[float | None]) -> float | None:
    """Add up; nothing to add, or one unknown summand, is unknown."""
    total: float | None = None
    for cost in costs:
        if cost is None:
            return None
        total = cost if total is None else total + cost
    return total


def _stretch_s(since: float | None, until: float, elapsed_ms: float | None) -> float:
    if since is None:
        return 0.0
    # Without a monotonic time: a wall clock may be set back; a run never worked for less than no time.
    return max(0.0, until - since) if elapsed_ms is None else elapsed_ms / 1000
