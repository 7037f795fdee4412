"""The topology of a flow as Markdown and DOT: printed, or written into the folder given as argument."""

from __future__ import annotations

import sys
from pathlib import Path

from penguiflow import Message, Node, PenguiFlow, create, flow_to_dot, flow_to_mermaid


async def triage(msg: Message, ctx) -> Message:
    return msg


async def plan(msg: Message, ctx) -> Message:
    return msg


async def retrieve(msg: Message, ctx) -> Message:
    return msg


async def answer(msg: Message, ctx) -> Message:
    return msg


def build_flow() -> PenguiFlow:
    """A controller loop, and a node that runs a playbook; its name says so, since a subflow is not drawn."""
    triaging = Node(triage, name="triage")
    planning = Node(plan, name="plan", allow_cycle=True)
    retrieving = Node(retrieve, name="retrieve (playbook)")
    answering = Node(answer, name="answer")
    return create(
        triaging.to(planning, retrieving),
        planning.to(planning, answering),
        retrieving.to(answering),
        answering.to(),
    )


def main(folder: str | None = None) -> None:
    flow = build_flow()
    markdown = f"# Topology\n\n```mermaid\n{flow_to_mermaid(flow, direction='LR')}\n```\n"
    exports = {"topology.md": markdown, "topology.dot": flow_to_dot(flow, rankdir="LR") + "\n"}
    for name, text in exports.items():
        if folder is None:
            print(text)
        else:
            path = Path(folder) / name
            path.write_text(text, encoding="utf-8")
            print("wrote", path.name)


if __name__ == "__main__":
    main(*sys.argv[1:2])
