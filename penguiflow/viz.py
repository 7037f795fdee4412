"""The topology of a flow as text for Mermaid and Graphviz.

Everything stands in the order of declaration, so the same program always gives the same text. The
OpenSea and the Rookery are drawn where something goes in or comes out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from penguiflow._runtime.endpoints import Owner
from penguiflow._runtime.graph import Graph
from penguiflow.core import OPEN_SEA, ROOKERY, Endpoint, PenguiFlow

__all__ = ["flow_to_dot", "flow_to_mermaid"]

_Kind: TypeAlias = Literal["node", "controller_loop", "endpoint"]

_MERMAID_CLASSES = {
    "controller_loop": "fill:#fef3c7,stroke:#b45309,stroke-width:1px",
    "endpoint": "fill:#e0f2fe,stroke:#0369a1,stroke-width:1px",
}
_DOT_STYLES: dict[_Kind, str] = {
    "node": "",
    "controller_loop": ', style="rounded,filled", fillcolor="#fef3c7"',
    "endpoint": ', shape=oval, style=filled, fillcolor="#e0f2fe"',
}

# Such an identifier begins or ends a statement: Mermaid 11 refuses the whole diagram.
_MERMAID_WORD = re.compile(
    "_(blank|parent|self|top)|call|class(Def)?|click|end|flowchart|graph|href|interpolate|linkStyle|style|subgraph"
)
# Such an identifier has to stand in quotes.
_DOT_WORD = re.compile(r"(?i:digraph|edge|graph|node|strict|subgraph)|\d.*")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figure:
    """One node or endpoint of the diagram."""

    figure_id: str
    label: str
    kind: _Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrow:
    """One edge of the diagram, between the ids of two figures; most have no label."""

    source: str
    target: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Diagram:
    figures: Sequence[_Figure]
    arrows: Sequence[_Arrow]


def flow_to_mermaid(flow: PenguiFlow, *, direction: str = "TD") -> str:
    """Return the topology as a Mermaid graph; `direction` is one of Mermaid's (`TD`, `LR`, ...)."""
    diagram = _diagram(flow.graph, _mermaid_id)
    lines = [f"graph {direction}"]
    lines.extend(f'    {figure.figure_id}["{_quoted(figure.label)}"]' for figure in diagram.figures)
    used = {figure.kind for figure in diagram.figures}
    lines.extend(
        f"    classDef {name} {style}" for name, style in sorted(_MERMAID_CLASSES.items()) if name in used
    )
    lines.extend(
        f"    class {figure.figure_id} {figure.kind}" for figure in diagram.figures if figure.kind != "node"
    )
    lines.extend(
        f"    {arrow.source} -->{f'|{arrow.label}|' if arrow.label else ''} {arrow.target}"
        for arrow in diagram.arrows
    )
    return "\n".join(lines)


def flow_to_dot(flow: PenguiFlow, *, rankdir: str = "TB") -> str:
    """Return the topology as a Graphviz digraph; `rankdir` is one of Graphviz's (`TB`, `LR`, ...)."""
    diagram = _diagram(flow.graph, _word)
    lines = ["digraph PenguiFlow {", f"    rankdir={rankdir}", "    node [shape=box, style=rounded]"]
    for figure in diagram.figures:
        label = _quoted(figure.label.replace("\\", "\\\\"))
        lines.append(f'    {_dot_id(figure.figure_id)} [label="{label}"{_DOT_STYLES[figure.kind]}]')
    for arrow in diagram.arrows:
        label = f' [label="{arrow.label}"]' if arrow.label else ""
        lines.append(f"    {_dot_id(arrow.source)} -> {_dot_id(arrow.target)}{label}")
    return "\n".join((*lines, "}"))


def _diagram(graph: Graph, id_of: Callable[[str], str]) -> _Diagram:
    owners: list[Owner] = list(graph.nodes)
    if graph.ingress:
        owners.insert(0, OPEN_SEA)
    if graph.egress:
        owners.append(ROOKERY)
    ids = dict(zip(owners, _unique([id_of(owner.name) for owner in owners]), strict=True))
    return _Diagram(
        figures=[
            _Figure(figure_id=figure_id, label=owner.name, kind=_kind(graph, owner))
            for owner, figure_id in ids.items()
        ],
        arrows=[
            _Arrow(source=ids[source], target=ids[target], label=_edge_label(source, target))
            for source, target in _edges(graph)
        ],
    )


def _edges(graph: Graph) -> Iterator[tuple[Owner, Owner]]:
    for node in graph.ingress:
        yield OPEN_SEA, node
    egress = frozenset(graph.egress)
    for node, successors in graph.successors.items():
        for successor in successors:
            yield node, successor
        if node in egress:
            yield node, ROOKERY


def _kind(graph: Graph, owner: Owner) -> _Kind:
    if isinstance(owner, Endpoint):
        return "endpoint"
    return "controller_loop" if owner.allow_cycle or owner in graph.successors[owner] else "node"


def _edge_label(source: Owner, target: Owner) -> str:
    if source is target:
        return "loop"
    if isinstance(source, Endpoint):
        return "ingress"
    return "egress" if isinstance(target, Endpoint) else ""


def _unique(names: Sequence[str]) -> list[str]:
    taken: dict[str, None] = {}
    for name in names:
        unique, turn = name, 1
        while unique in taken:
            turn += 1
            unique = f"{name}_{turn}"
        taken[unique] = None
    return list(taken)


def _word(label: str) -> str:
    return re.sub(r"\W", "_", label) or "node"


def _mermaid_id(label: str) -> str:
    word = _word(label)
    return f"{word}_" if _MERMAID_WORD.fullmatch(word) else word


def _quoted(label: str) -> str:
    return label.replace('"', '\\"').replace("\r\n", "\\n").replace("\n", "\\n").replace("\r", "\\n")


def _dot_id(word: str) -> str:
    return f'"{word}"' if _DOT_WORD.fullmatch(word) else word
