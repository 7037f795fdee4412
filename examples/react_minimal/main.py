"""A planner picks two tools one after the other, then answers. Offline: a scripted model decides.

    python examples/react_minimal/main.py

Give `ReactPlanner(llm="openai/gpt-4o-mini", ...)` instead of `llm_client` to let a real model decide.
"""

from __future__ import annotations

import asyncio
import json

from pydantic import BaseModel

from penguiflow import ReactPlanner, build_catalog, tool
from penguiflow.llm import ScriptedLLM
from penguiflow.planner import PlannerFinish, ToolContext


class Query(BaseModel):
    text: str


class Documents(BaseModel):
    titles: list[str]


class Summary(BaseModel):
    text: str


@tool(desc="Search the documentation", side_effects="read")
async def search_docs(args: Query, ctx: ToolContext) -> Documents:
    return Documents(titles=[f"{args.text}: overview", f"{args.text}: examples"])


@tool(desc="Summarize a list of documents")
def summarize(args: Documents) -> Summary:
    return Summary(text=f"{len(args.titles)} documents, first `{args.titles[0]}`")


SCRIPT = [
    {
        "thought": "I need documents about the topic.",
        "next_node": "search_docs",
        "args": {"text": "routing"},
    },
    {
        "thought": "Two documents are enough for a summary.",
        "next_node": "summarize",
        "args": {"titles": ["routing: overview", "routing: examples"]},
    },
    {
        "thought": "The summary answers the question.",
        "next_node": "final_response",
        "args": {"answer": "Routing is covered by 2 documents; start with the overview."},
    },
]


async def main() -> None:
    planner = ReactPlanner(llm_client=ScriptedLLM(SCRIPT), catalog=build_catalog([search_docs, summarize]))
    result = await planner.run("Explain routing")
    assert isinstance(result, PlannerFinish)
    for number, step in enumerate(result.metadata["steps"], start=1):
        action = step["action"]
        print(f"{number}. {action['thought']}")
        print(f"   {action['next_node']} {json.dumps(action['args'])} -> {json.dumps(step['observation'])}")
    print(result.payload["raw_answer"])


asyncio.run(main())
