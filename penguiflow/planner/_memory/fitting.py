"""Makes what is shown of a conversation fit its budget. Every step makes it smaller, so this ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from penguiflow.planner._memory.budget import MemoryBudget, MemoryBudgetExceeded
from penguiflow.planner._memory.zones import Zones


def fitted(
    zones: Zones, budget: MemoryBudget, tokens_of: Callable[[Zones], int], *, summary_shown: bool
) -> Zones:
    """Return the zones with enough hidden; what does not fit waits in the backlog.

    `tokens_of` estimates what is shown of some zones. When even nothing is too much, nothing is shown.

    Raises:
        MemoryBudgetExceeded: the policy is `error` and the zones do not fit.
    """
    limit = budget.total_max_tokens

    def fits(candidate: Zones) -> bool:
        return limit == 0 or tokens_of(candidate) <= limit

    if fits(zones):
        return zones
    if budget.overflow_policy == "error":
        raise MemoryBudgetExceeded(
            f"with this turn there are about {tokens_of(zones)} tokens, total_max_tokens is {limit}: it was "
            "not kept; allow more tokens or fewer full_zone_turns, or choose another overflow_policy"
        )
    if budget.overflow_policy == "truncate_summary" and summary_shown:
        zones = _with_shorter_summary(zones, fits)
    while not fits(zones) and (zones.pending or zones.recent):
        zones = zones.with_oldest_hidden()
    return _with_shorter_summary(zones, fits) if summary_shown else zones


def longest_tail(text: str, fits: Callable[[str], bool]) -> str:
    """Return the text if it fits, else the longest end of it that does, perhaps nothing."""
    if fits(text):
        return text
    fitting, too_long = 0, len(text)
    while too_long - fitting > 1:
        middle = (fitting + too_long) // 2
        if fits(text[-middle:]):
            fitting = middle
        else:
            too_long = middle
    return text[len(text) - fitting :]


def _with_shorter_summary(zones: Zones, fits: Callable[[Zones], bool]) -> Zones:
    return replace(
        zones, summary=longest_tail(zones.summary, lambda text: fits(replace(zones, summary=text)))
    )
