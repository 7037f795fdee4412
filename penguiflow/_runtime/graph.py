"""The shape of a flow, decided once from the adjacencies; every order is the order of declaration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from penguiflow.errors import CycleError
from penguiflow.node import Node

Adjacency: TypeAlias = tuple[Node, Sequence[Node]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """Nodes in order of appearance, each with its successors, and where items come in and go out."""

    successors: dict[Node, tuple[Node, ...]]
    ingress: tuple[Node, ...]
    """Nodes without a parent; what callers emit goes to them."""
    egress: tuple[Node, ...]
    """Nodes without a successor beside themselves; what they return goes to the caller."""

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes, in order of appearance."""
        return tuple(self.successors)


def build_graph(adjacencies: Sequence[Adjacency], *, allow_cycles: bool) -> Graph:
    """Merge the adjacencies into a graph.

    Raises:
        CycleError: there is a cycle that neither `allow_cycles` nor a node's `allow_cycle` permits.
    """
    merged: dict[Node, dict[Node, None]] = {}
    for node, successors in adjacencies:
        own = merged.setdefault(node, {})
        for successor in successors:
            own[successor] = None
            merged.setdefault(successor, {})
    graph = {node: tuple(successors) for node, successors in merged.items()}
    if not allow_cycles:
        _refuse_cycles(graph)
    return Graph(
        successors=graph,
        ingress=tuple(node for node, count in _parents(graph).items() if count == 0),
        egress=tuple(node for node, successors in graph.items() if set(successors) <= {node}),
    )


def _parents(graph: dict[Node, tuple[Node, ...]]) -> dict[Node, int]:
    counts = dict.fromkeys(graph, 0)
    for node, successors in graph.items():
        for successor in successors:
            if not (successor is node and node.allow_cycle):
                counts[successor] += 1
    return counts


def _refuse_cycles(graph: dict[Node, tuple[Node, ...]]) -> None:
    # Kahn's algorithm: what cannot be put in order is on a cycle or behind one.
    counts = _parents(graph)
    free = [node for node, count in counts.items() if count == 0]
    while free:
        node = free.pop()
        del counts[node]
        for successor in graph[node]:
            if successor is not node:
                counts[successor] -= 1
                if counts[successor] == 0:
                    free.append(successor)
    if counts:
        names = ", ".join(f"`{node.name}`" for node in counts)
        raise CycleError(
            f"the graph has a cycle through or before {names}; set `allow_cycle=True` on a node that"
            " loops to itself, or `allow_cycles=True` on the flow"
        )
