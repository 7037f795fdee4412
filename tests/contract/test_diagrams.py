"""The text of diagrams, to the letter."""

from __future__ import annotations

from penguiflow import Node, create, flow_to_dot, flow_to_mermaid
from tests.fakes.flows import passes_on
from tests.fakes.samples import run_sample

VISUALISATION = """
from penguiflow import flow_to_dot, flow_to_mermaid

print(flow_to_mermaid(flow, direction="LR"))
print(flow_to_dot(flow, rankdir="LR"))
"""

PRINTED = """\
graph LR
    OpenSea["OpenSea"]
    plan["plan"]
    a_b["a b"]
    a_b_2["a-b"]
    Rookery["Rookery"]
    classDef controller_loop fill:#fef3c7,stroke:#b45309,stroke-width:1px
    classDef endpoint fill:#e0f2fe,stroke:#0369a1,stroke-width:1px
    class OpenSea endpoint
    class plan controller_loop
    class Rookery endpoint
    OpenSea -->|ingress| plan
    plan -->|loop| plan
    plan --> a_b
    a_b --> a_b_2
    a_b_2 -->|egress| Rookery
digraph PenguiFlow {
    rankdir=LR
    node [shape=box, style=rounded]
    OpenSea [label="OpenSea", shape=oval, style=filled, fillcolor="#e0f2fe"]
    plan [label="plan", style="rounded,filled", fillcolor="#fef3c7"]
    a_b [label="a b"]
    a_b_2 [label="a-b"]
    Rookery [label="Rookery", shape=oval, style=filled, fillcolor="#e0f2fe"]
    OpenSea -> plan [label="ingress"]
    plan -> plan [label="loop"]
    plan -> a_b
    a_b -> a_b_2
    a_b_2 -> Rookery [label="egress"]
}
"""


def named(name: str, *, allow_cycle: bool = False) -> Node:
    return Node(passes_on, name=name, allow_cycle=allow_cycle)


async def test_the_sample_prints_both_diagrams(capsys) -> None:
    plan, first, second = named("plan", allow_cycle=True), named("a b"), named("a-b")
    flow = create(plan.to(plan, first), first.to(second), second.to())

    await run_sample(VISUALISATION, flow=flow)

    assert capsys.readouterr().out == PRINTED


def test_the_directions_default_to_downwards() -> None:
    flow = create(named("a").to())
    assert flow_to_mermaid(flow).splitlines()[0] == "graph TD"
    assert flow_to_dot(flow).splitlines()[1].strip() == "rankdir=TB"


def test_quotes_are_escaped_and_names_may_repeat() -> None:
    flow = create(named('say "hi"').to(named("same"), named("same"), named("!?")))
    mermaid, dot = flow_to_mermaid(flow), flow_to_dot(flow)
    assert '    say__hi_["say \\"hi\\""]' in mermaid.splitlines()
    assert '    say__hi_ [label="say \\"hi\\""]' in dot.splitlines()
    for text in (mermaid, dot):
        assert all(f"    {figure}" in text for figure in ("same[", "same_2[", "__[")) or "same_2 [" in text


def test_classes_that_nothing_uses_are_not_defined() -> None:
    assert "controller_loop" not in flow_to_mermaid(create(named("a").to(named("b"))))
    assert flow_to_mermaid(create()) == "graph TD"


def test_a_node_that_may_loop_is_marked_even_without_the_edge() -> None:
    assert "    class a controller_loop" in flow_to_mermaid(create(named("a", allow_cycle=True).to()))
