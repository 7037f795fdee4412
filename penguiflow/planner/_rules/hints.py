"""What the author of a planner advises about its tools, and which of it is enforced.

Parallel groups and preferred tools are advice for the model only. The rest is checked before a call runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from penguiflow.planner._json import Json, JsonObject, is_object


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanningHints:
    """The hints of a planner; empty when it has none."""

    ordering: tuple[str, ...] = ()
    parallel_groups: tuple[tuple[str, ...], ...] = ()
    sequential_only: frozenset[str] = frozenset()
    disallowed: frozenset[str] = frozenset()
    preferred: tuple[str, ...] = ()
    max_parallel: int | None = None
    budget: Mapping[str, Any] | None = None

    def to_prompt(self) -> JsonObject:
        """Return what the model reads of them."""
        constraints: list[str] = []
        if self.max_parallel is not None:
            constraints.append(f"max_parallel={self.max_parallel}")
        if self.sequential_only:
            constraints.append(f"sequential_only={','.join(sorted(self.sequential_only))}")
        shown: JsonObject = {
            "constraints": "; ".join(constraints),
            "preferred_order": list(self.ordering),
            "parallel_groups": [list(group) for group in self.parallel_groups],
            "disallow_nodes": sorted(self.disallowed),
            "preferred_nodes": list(self.preferred),
            "budget": dict(self.budget or {}),
        }
        return {key: value for key, value in shown.items() if value}


def read_hints(hints: Mapping[str, Any] | None) -> PlanningHints:
    """Read the `planning_hints` of the constructor; unknown keys are ignored.

    Raises:
        ValueError: a list of names is something else.
    """
    given = hints or {}
    budget = given.get("budget_hints")
    budget = budget if is_object(budget) else {}
    most = given.get("max_parallel", budget.get("max_parallel"))
    groups: Json = given.get("parallel_groups") or ()
    return PlanningHints(
        ordering=_names(given, "ordering_hints"),
        parallel_groups=tuple(_names({"parallel_groups": group}, "parallel_groups") for group in groups),
        sequential_only=frozenset(_names(given, "sequential_only")),
        disallowed=frozenset(_names(given, "disallow_nodes")),
        preferred=_names(given, "prefer_nodes"),
        max_parallel=most if isinstance(most, int) and not isinstance(most, bool) else None,
        budget=budget or None,
    )


def forbidden(hints: PlanningHints, names: Sequence[str]) -> str | None:
    """Return why one of these tools may not be called at all."""
    refused = sorted(set(names) & hints.disallowed)
    if not refused:
        return None
    return f"`{', '.join(refused)}` is not permitted by the planning hints. Take another way."


def refused_together(hints: PlanningHints, names: Sequence[str]) -> str | None:
    """Return why these tools may not run side by side."""
    if hints.max_parallel is not None and len(names) > hints.max_parallel:
        return f"{len(names)} branches exceed max_parallel={hints.max_parallel}"
    alone = sorted(set(names) & hints.sequential_only)
    return f"`{', '.join(alone)}` must run sequentially, one call a step" if alone else None


def out_of_order(
    hints: PlanningHints, completed: tuple[str, ...], warned: bool, names: Sequence[str]
) -> str | None:
    """Return the one reminder that calls get for leaving the advised order; tools it does not list are free.

    After the reminder the model may insist, until a call in order makes progress again.
    """
    if warned:
        return None
    for name in names:
        expected = _expected(hints, completed)
        if expected is None or name not in hints.ordering or name in completed:
            continue
        if name != expected:
            return (
                f"Ordering hint: `{expected}` should come before `{name}`. "
                f"Call `{expected}` first, or `{name}` again if you have a reason."
            )
        completed = (*completed, name)
    return None


def order_completed(
    hints: PlanningHints, completed: tuple[str, ...], succeeded: Sequence[str]
) -> tuple[str, ...]:
    """Return how far the advised order is after these tools succeeded."""
    for name in succeeded:
        if name == _expected(hints, completed):
            completed = (*completed, name)
    return completed


def _expected(hints: PlanningHints, completed: tuple[str, ...]) -> str | None:
    return next((hint for hint in hints.ordering if hint not in completed), None)


def ordering_state(completed: Sequence[str], warned: bool) -> JsonObject:
    """Return the form in which a trajectory keeps the order."""
    return {"ordering_state": {"completed": list(completed), "warned": warned}}


def _names(hints: Mapping[str, Any], key: str) -> tuple[str, ...]:
    names: object = hints.get(key) or ()
    if isinstance(names, list | tuple | set | frozenset):
        listed = tuple(cast("Iterable[object]", names))
        if all(isinstance(name, str) for name in listed):
            return cast("tuple[str, ...]", listed)  # each was just looked at
    raise ValueError(f"`planning_hints[{key!r}]` must be a list of tool names; got `{names!r}`")
