from __future__ import annotations

import pytest

from penguiflow import CycleError, Node, create
from penguiflow._runtime.graph import build_graph
from tests.fakes.flows import passes_on


def nodes(*names: str, allow_cycle: bool = False) -> list[Node]:
    return [Node(passes_on, name=name, allow_cycle=allow_cycle) for name in names]


def test_every_order_is_the_order_of_declaration() -> None:
    for _ in range(12):
        a, b, c, d = nodes("a", "b", "c", "d")

        graph = build_graph([a.to(d, b, c), b.to(c)], allow_cycles=False)

        assert graph.nodes == (a, d, b, c)
        assert graph.successors[a] == (d, b, c)
        assert graph.egress == (d, c)


def test_repeated_edges_merge_into_one() -> None:
    a, b = nodes("a", "b")

    graph = build_graph([a.to(b), a.to(b, b)], allow_cycles=False)

    assert graph.successors[a] == (b,)


def test_an_allowed_self_loop_counts_neither_as_parent_nor_as_successor() -> None:
    (c,) = nodes("c", allow_cycle=True)

    graph = build_graph([c.to(c)], allow_cycles=False)

    assert graph.ingress == (c,)
    assert graph.egress == (c,)


def test_a_loop_with_a_successor_goes_out_through_the_successor() -> None:
    (c,) = nodes("c", allow_cycle=True)
    (w,) = nodes("w")

    graph = build_graph([c.to(c, w)], allow_cycles=False)

    assert graph.ingress == (c,)
    assert graph.egress == (w,)


def test_a_cycle_of_two_has_no_end() -> None:
    a, b = nodes("a", "b")

    graph = build_graph([a.to(b), b.to(a)], allow_cycles=True)

    assert graph.ingress == ()
    assert graph.egress == ()


@pytest.mark.parametrize("allow_cycle", [False, True])
def test_a_cycle_that_nobody_allowed_is_refused_by_name(allow_cycle: bool) -> None:
    a, b, c = nodes("a", "b", "c", allow_cycle=allow_cycle)

    with pytest.raises(CycleError, match="`a`, `b`"):
        create(a.to(b), b.to(a), c.to())


def test_a_self_loop_that_nobody_allowed_is_refused() -> None:
    (a,) = nodes("a")

    with pytest.raises(CycleError, match="allow_cycle=True"):
        create(a.to(a))


def test_a_flow_may_be_empty() -> None:
    create()
