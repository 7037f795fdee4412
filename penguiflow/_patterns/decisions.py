"""What a router or a policy may answer, and which successors it means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias, TypeGuard, cast

from penguiflow.node import Node

RoutingDecisionType: TypeAlias = Node | str | Sequence[Node | str] | None
"""Where an item goes: successors or their names; None or an empty sequence: nowhere."""


def targets_of(decision: object) -> list[Node | str]:
    """Read a decision from a predicate, a policy or a file as a list of targets.

    Raises:
        TypeError: it is not a decision.
    """
    if decision is None:
        return []
    if isinstance(decision, Node | str):
        return [decision]
    if not _names_several(decision):
        raise _not_a_target(decision)
    targets = list(decision)
    for target in targets:
        if not isinstance(target, Node | str):
            raise _not_a_target(target)
    return cast("list[Node | str]", targets)  # each one was looked at


def resolve(targets: Sequence[Node | str], successors: Iterable[Node], router_name: str) -> tuple[Node, ...]:
    """Replace names by the first successor of that name; nodes stay as they are.

    Raises:
        KeyError: no successor has the name.
    """
    by_name: dict[str, Node] = {}
    for successor in successors:
        by_name.setdefault(successor.name, successor)
    resolved: list[Node] = []
    for target in targets:
        node = by_name.get(target) if isinstance(target, str) else target
        if node is None:
            known = ", ".join(f"`{name}`" for name in by_name) or "no successor"
            raise KeyError(
                f"No successor named '{target}'; router `{router_name}` leads to {known}:"
                " correct the name or add the node to the router's `.to(...)`"
            )
        resolved.append(node)
    return tuple(resolved)


def _names_several(decision: object) -> TypeGuard[Iterable[object]]:
    return isinstance(decision, Iterable) and not isinstance(decision, Mapping)


def _not_a_target(value: object) -> TypeError:
    kind = type(value).__name__
    return TypeError(f"Targets must be Node or str, or a sequence of them; got `{value!r}` of type `{kind}`")
