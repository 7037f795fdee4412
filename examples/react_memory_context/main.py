"""What a program knows of its user reaches the model by `llm_context`, what tools need, by `tool_context`.

    python examples/react_memory_context/main.py

The model reads `llm_context`, which is JSON, with the question. `tool_context` holds any objects; neither the
model nor the result shows it. For a memory that the planner itself keeps, see examples/memory_basic.
"""

from __future__ import annotations

import asyncio
import json

from pydantic import BaseModel

from penguiflow import ReactPlanner, build_catalog, tool
from penguiflow.llm import ScriptedLLM
from penguiflow.planner import PlannerFinish, ToolContext


class Mailbox:
    """A connection no model should see."""

    def __init__(self, password: str) -> None:
        self.password = password

    def search(self, words: str) -> list[str]:
        return [f"{words}: offer from the shipyard"]


class Search(BaseModel):
    words: str


class Mails(BaseModel):
    subjects: list[str]
    language: str


@tool(desc="Search the user's mail", side_effects="read")
async def search_mail(args: Search, ctx: ToolContext) -> Mails:
    mailbox: Mailbox = ctx.tool_context["mailbox"]
    return Mails(subjects=mailbox.search(args.words), language=ctx.llm_context["memories"]["language"])


SCRIPT = [
    {"next_node": "search_mail", "args": {"words": "Fram"}},
    {"next_node": "final_response", "args": {"answer": "There is one mail about your ship, an offer."}},
]


async def main() -> None:
    model = ScriptedLLM(SCRIPT)
    planner = ReactPlanner(llm_client=model, catalog=build_catalog([search_mail]))
    result = await planner.run(
        "Anything new about my ship?",
        llm_context={"memories": {"language": "en", "ship": "Fram"}},
        tool_context={"mailbox": Mailbox(password="krill")},
    )
    assert isinstance(result, PlannerFinish)
    print(f"the model reads: {model.received[0][-1]['content']}")
    print(f"the tool gives: {result.metadata['steps'][0]['observation']}")
    print(f"the password is in a prompt: {'krill' in json.dumps(model.received)}")
    print(f"the result tells of it: {result.metadata['tool_context']}")
    print(result.payload["raw_answer"])


asyncio.run(main())
