"""How much of a conversation the model may be shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

OverflowPolicy: TypeAlias = Literal["truncate_oldest", "truncate_summary", "error"]

TokenEstimator: TypeAlias = Callable[[str], int]
"""Returns about how many tokens a text has; a longer text must not have fewer."""


class MemoryBudgetExceeded(RuntimeError):
    """A turn does not fit into the budget and the policy is to refuse it; the memory is unchanged."""


@dataclass(frozen=True, slots=True)
class MemoryBudget:
    """The limits of what is shown of a conversation, in turns and in estimated tokens.

    The last `full_zone_turns` turns are shown in full. `total_max_tokens` bounds all that is shown, 0 leaves
    it unbounded. Over it, `truncate_oldest` hides the oldest turns, `truncate_summary` shortens the summary
    first, and `error` refuses the turn with `MemoryBudgetExceeded`.

    Raises:
        ValueError: a limit below 0, a summary that may be longer than the total, an unknown policy.
    """

    full_zone_turns: int = 5
    summary_max_tokens: int = 1000
    total_max_tokens: int = 10_000
    overflow_policy: OverflowPolicy = "truncate_oldest"

    def __post_init__(self) -> None:
        for name in ("full_zone_turns", "summary_max_tokens", "total_max_tokens"):
            check_not_negative(name, getattr(self, name))
        if self.total_max_tokens and self.summary_max_tokens > self.total_max_tokens:
            raise ValueError(
                "summary_max_tokens must be <= total_max_tokens; "
                f"got `{self.summary_max_tokens}` and `{self.total_max_tokens}`"
            )
        check_one_of("overflow_policy", self.overflow_policy, get_args(OverflowPolicy))


def default_token_estimator(text: str) -> int:
    """Return an estimate of four characters per token, never 0."""
    return len(text) // 4 + 1


def check_not_negative(name: str, value: float) -> None:
    """Raise ValueError for a number below 0."""
    if value < 0:
        raise ValueError(f"{name} must be >= 0; got `{value}`")


def check_one_of(name: str, value: str, names: tuple[str, ...]) -> None:
    """Raise ValueError for a name that is not among these."""
    if value not in names:
        raise ValueError(f"{name} must be one of {', '.join(names)}; got `{value}`")
