"""Diagrams of flows."""

from __future__ import annotations

import pytest

from penguiflow import Node, create
from penguiflow.viz import flow_to_dot, flow_to_mermaid
from tests.fakes.flows import passes_on


def node(name: str, *, allow_cycle: bool = False) -> Node:
    return Node(passes_on, name=name, allow_cycle=allow_cycle)


def test_a_branching_flow_with_a_controller_loop_in_mermaid() -> None:
    triage, plan, answer = node("triage"), node("plan", allow_cycle=True), node("answer")
    flow = create(triage.to(plan, answer), plan.to(plan, answer))

    assert flow_to_mermaid(flow).splitlines() == [
        "graph TD",
        '    OpenSea["OpenSea"]',
        '    triage["triage"]',
        '    plan["plan"]',
        '    answer["answer"]',
        '    Rookery["Rookery"]',
        "    classDef controller_loop fill:#fef3c7,stroke:#b45309,stroke-width:1px",
        "    classDef endpoint fill:#e0f2fe,stroke:#0369a1,stroke-width:1px",
        "    class OpenSea endpoint",
        "    class plan controller_loop",
        "    class Rookery endpoint",
        "    OpenSea -->|ingress| triage",
        "    triage --> plan",
        "    triage --> answer",
        "    plan -->|loop| plan",
        "    plan --> answer",
        "    answer -->|egress| Rookery",
    ]


def test_a_branching_flow_with_a_controller_loop_in_dot() -> None:
    triage, plan, answer = node("triage"), node("plan", allow_cycle=True), node("answer")
    flow = create(triage.to(plan, answer), plan.to(plan, answer))

    assert flow_to_dot(flow).splitlines() == [
        "digraph PenguiFlow {",
        "    rankdir=TB",
        "    node [shape=box, style=rounded]",
        '    OpenSea [label="OpenSea", shape=oval, style=filled, fillcolor="#e0f2fe"]',
        '    triage [label="triage"]',
        '    plan [label="plan", style="rounded,filled", fillcolor="#fef3c7"]',
        '    answer [label="answer"]',
        '    Rookery [label="Rookery", shape=oval, style=filled, fillcolor="#e0f2fe"]',
        '    OpenSea -> triage [label="ingress"]',
        "    triage -> plan",
        "    triage -> answer",
        '    plan -> plan [label="loop"]',
        "    plan -> answer",
        '    answer -> Rookery [label="egress"]',
        "}",
    ]


def test_a_flow_without_loops_uses_one_class_only() -> None:
    drawn = flow_to_mermaid(create(node("a").to()))

    assert "classDef endpoint" in drawn
    assert "controller_loop" not in drawn


def test_the_direction_is_the_callers() -> None:
    flow = create(node("a").to())

    assert flow_to_mermaid(flow, direction="LR").startswith("graph LR\n")
    assert "    rankdir=LR\n" in flow_to_dot(flow, rankdir="LR")


def test_the_same_program_always_gives_the_same_text() -> None:
    def draw() -> str:
        a, b, c, d = (node(name) for name in "abcd")
        return flow_to_mermaid(create(a.to(d, b, c), b.to(d), c.to(d)))

    assert len({draw() for _ in range(12)}) == 1


def test_a_loop_that_only_the_flow_allows_is_drawn_as_a_loop() -> None:
    a = node("a")

    drawn = flow_to_mermaid(create(a.to(a), allow_cycles=True))

    assert "    class a controller_loop" in drawn
    assert "    a -->|loop| a" in drawn
    assert "    a -->|egress| Rookery" in drawn
    assert "OpenSea" not in drawn  # nothing can come in


def test_a_cycle_without_ends_is_drawn_without_ends() -> None:
    a, b = node("a"), node("b")

    drawn = flow_to_dot(create(a.to(b), b.to(a), allow_cycles=True))

    assert "    a -> b\n    b -> a\n" in drawn
    assert "oval" not in drawn


def test_an_empty_flow_is_an_empty_diagram() -> None:
    assert flow_to_mermaid(create()) == "graph TD"
    assert flow_to_dot(create()).splitlines()[-1] == "}"


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        (("my node!", "my-node?"), ("my_node_", "my_node__2")),
        (("a", "a", "a"), ("a", "a_2", "a_3")),
        (("a", "a", "a_2"), ("a", "a_2", "a_2_2")),
        (("Rookery",), ("Rookery",)),
        (("OpenSea",), ("OpenSea_2",)),
        (("größe",), ("größe",)),
    ],
)
def test_every_figure_has_an_id_of_its_own(names: tuple[str, ...], ids: tuple[str, ...]) -> None:
    flow = create(*(node(name).to() for name in names))

    mermaid, dot = flow_to_mermaid(flow), flow_to_dot(flow)

    for name, figure_id in zip(names, ids, strict=True):
        assert f'    {figure_id}["{name}"]\n' in mermaid
        assert f'    {figure_id} [label="{name}"]\n' in dot
        assert f"    OpenSea -->|ingress| {figure_id}\n" in mermaid


def test_quotes_backslashes_and_newlines_stay_inside_a_label() -> None:
    flow = create(node('say "hi"').to(), node("a\\").to(), node("two\nlines").to())

    mermaid, dot = flow_to_mermaid(flow), flow_to_dot(flow)

    assert '    say__hi_["say \\"hi\\""]\n' in mermaid
    assert '    say__hi_ [label="say \\"hi\\""]\n' in dot
    assert '    a_ [label="a\\\\"]\n' in dot
    assert '    two_lines["two\\nlines"]\n' in mermaid
    assert '    two_lines [label="two\\nlines"]\n' in dot


def test_a_name_that_is_a_word_of_the_notation_still_draws() -> None:
    flow = create(node("end").to(), node("graph").to(), node("2nd").to())

    mermaid, dot = flow_to_mermaid(flow), flow_to_dot(flow)

    assert '    end_["end"]\n' in mermaid
    assert '    graph_["graph"]\n' in mermaid
    assert '    end [label="end"]\n' in dot
    assert '    "graph" [label="graph"]\n' in dot
    assert '    OpenSea -> "2nd" [label="ingress"]\n' in dot
