"""Contexts and floes for a graph, laid in the order of declaration."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from penguiflow._runtime.context import Context, Runtime
from penguiflow._runtime.endpoints import OPEN_SEA, ROOKERY
from penguiflow._runtime.floe import Floe
from penguiflow._runtime.graph import Graph
from penguiflow._runtime.inbox import Inbox
from penguiflow._runtime.landing import Landing
from penguiflow._runtime.statistics import ContextStatistics, FloeStatistics
from penguiflow.node import Node

_NOTHING_ARRIVES = Inbox()
"""What every open sea has for an inbox: no edge leads there, and an empty queue is not small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waters:
    """Every context of a flow, and the floe on which each node reaches the Rookery.

    A node that has successors also has such a way out, for final answers and errors; it is not among
    its successors.
    """

    open_sea: Context
    rookery: Context
    landing: Landing
    nodes: dict[Node, Context]
    ways_out: dict[Node, Floe]

    def statistics(self) -> tuple[tuple[ContextStatistics, ...], tuple[FloeStatistics, ...]]:
        """Return how full every context and every floe is; the contexts of both ends come first."""
        contexts = tuple(self.contexts())
        floes = dict.fromkeys(floe for context in contexts for floe in context.outgoing)
        floes.update(dict.fromkeys(self.ways_out.values()))
        return tuple(c.statistics() for c in contexts), tuple(floe.statistics() for floe in floes)

    def close(self) -> None:
        """Drop all items and wake everybody who waits, because the flow stopped."""
        for context in self.contexts():
            context.close()

    def open(self) -> None:
        """Let producers wait for room again, because the flow has stopped and may be run anew."""
        for context in self.contexts():
            context.open()

    def contexts(self) -> Iterator[Context]:
        """Yield the contexts of both ends and of all nodes."""
        yield self.open_sea
        yield self.rookery
        yield from self.nodes.values()


def lay_floes(graph: Graph, runtime: Runtime, queue_maxsize: int) -> Waters:
    """Create a context per node and end, and a floe per edge."""
    landing = Landing()
    open_sea, rookery = Context(OPEN_SEA, runtime, _NOTHING_ARRIVES), Context(ROOKERY, runtime, landing)
    contexts = {node: Context(node, runtime) for node in graph.nodes}
    ways_out: dict[Node, Floe] = {}
    for node, successors in graph.successors.items():
        for successor in successors:
            _connect(contexts[node], contexts[successor], queue_maxsize)
        ways_out[node] = Floe(node, ROOKERY, queue_maxsize, rookery.inbox)
        rookery.add_incoming_floe(ways_out[node])
    for node in graph.ingress:
        _connect(open_sea, contexts[node], queue_maxsize)
    for node in graph.egress:
        contexts[node].add_outgoing_floe(ways_out[node])
    return Waters(open_sea=open_sea, rookery=rookery, landing=landing, nodes=contexts, ways_out=ways_out)


def _connect(source: Context, target: Context, queue_maxsize: int) -> None:
    floe = Floe(source.owner, target.owner, queue_maxsize, target.inbox)
    source.add_outgoing_floe(floe)
    target.add_incoming_floe(floe)
