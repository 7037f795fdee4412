"""When a run must end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from penguiflow.planner._rules.progress import ExtendableLimit, Progress
from penguiflow.planner.models import FinishReason

OnLimit: TypeAlias = Literal["end", "pause"]
"""What happens when a limit is reached: the run ends, or it waits for somebody to allow as much again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of one run, as the constructor takes them."""

    max_iters: int = 8
    hop_budget: int | None = None
    deadline_s: float | None = None
    token_budget: int | None = None
    cost_limit_usd: float | None = None
    on_limit: OnLimit = "end"
    repair_attempts: int = 3
    max_consecutive_arg_failures: int = 3
    absolute_max_parallel: int = 50
    max_repeated_calls: int | None = 3

    def __post_init__(self) -> None:
        for name in ("max_iters", "repair_attempts", "absolute_max_parallel", "max_consecutive_arg_failures"):
            if getattr(self, name) < 1:
                raise ValueError(f"`{name}` must be at least 1; got {getattr(self, name)}")
        for name in ("hop_budget", "deadline_s", "token_budget", "cost_limit_usd"):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ValueError(f"`{name}` must not be negative; got {value}")
        if self.max_repeated_calls is not None and self.max_repeated_calls < 1:
            raise ValueError(
                f"`max_repeated_calls` must be at least 1 or None; got {self.max_repeated_calls}"
            )
        if self.on_limit not in ("end", "pause"):
            raise ValueError(f'`on_limit` must be "end" or "pause"; got `{self.on_limit}`')


@dataclass(frozen=True, slots=True)
class Stop:
    """The run ends without an answer, or waits when the limit it reached can be extended."""

    reason: FinishReason
    thought: str
    limit: ExtendableLimit | None = None


def verdict(progress: Progress, limits: Limits, *, steps: int) -> Stop | None:
    """Return why no further step may begin, None when one may."""
    if progress.deadline_passed:
        return Stop("budget_exhausted", "deadline reached", "deadline_s")
    if cost_is_spent(progress, limits):
        return Stop("budget_exhausted", "cost limit reached", "cost_limit_usd")
    if steps < limits.max_iters * (1 + progress.extensions.get("max_iters", 0)):
        return None
    if progress.hop_exhausted:
        return Stop("budget_exhausted", "hop budget and iteration limit reached", "hop_budget")
    return Stop("no_path", "iteration limit reached", "max_iters")


def is_extendable(limits: Limits, limit: ExtendableLimit) -> bool:
    """Return whether allowing as much again allows anything: of no time and no money it does not."""
    return limit == "hop_budget" or bool(getattr(limits, limit))


def cost_is_spent(progress: Progress, limits: Limits) -> bool:
    """Return whether the known cost has reached the limit; calls without a price cannot count."""
    if limits.cost_limit_usd is None:
        return False
    allowed = limits.cost_limit_usd * (1 + progress.extensions.get("cost_limit_usd", 0))
    return progress.spend.known_cost_usd >= allowed


def hop_limit(progress: Progress, limits: Limits) -> int | None:
    """Return how many calls the run may make in all, None when they are not counted against a budget."""
    if limits.hop_budget is None:
        return None
    return limits.hop_budget + progress.extensions.get("hop_budget", 0) * max(1, limits.hop_budget)


def hops_missing(progress: Progress, limits: Limits, wanted: int) -> bool:
    """Return whether the hop budget does not allow that many more calls."""
    allowed = hop_limit(progress, limits)
    return allowed is not None and progress.hops_used + wanted > allowed


def may_be_repetition(progress: Progress, limits: Limits) -> bool:
    """Return whether the last call gave the same outcome too often in a row to be made once more."""
    return limits.max_repeated_calls is not None and progress.same_calls >= limits.max_repeated_calls


def repetition(progress: Progress, limits: Limits, call: str) -> Stop | None:
    """Return why a call must not be made again that gave the same outcome too often in a row.

    `call` is the digest of the proposed call, as in `OutcomeSeen`.
    """
    if not may_be_repetition(progress, limits) or call != progress.last_call:
        return None
    thought = f"the same call gave the same outcome {progress.same_calls} times in a row"
    return Stop("budget_exhausted" if progress.hop_exhausted else "no_progress", thought)
