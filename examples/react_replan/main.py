"""A tool fails and says what would help; the model reads that and plans anew.

    python examples/react_replan/main.py

Whatever a tool raises becomes an observation. An exception with a `suggestion` (or `remedy`) hands it on. The
model here is a function: it decides from the last message, as a real model would.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from penguiflow import ReactPlanner, build_catalog, tool
from penguiflow.llm import ChatMessage, FunctionLLM
from penguiflow.planner import PlannerFinish


class Sales(BaseModel):
    region: str
    days: int


class Total(BaseModel):
    euros: int


class QueryTooWide(Exception):
    def __init__(self, message: str, suggestion: str) -> None:
        super().__init__(message)
        self.suggestion = suggestion


@tool(desc="Total sales of a region", side_effects="read")
async def total_sales(args: Sales) -> Total:
    if args.days > 90:
        raise QueryTooWide(f"{args.days} days are too many", suggestion="ask for days=90 at most")
    return Total(euros=args.days * 10)


def analyst(messages: Sequence[ChatMessage]) -> dict[str, Any]:
    read = json.loads(messages[-1]["content"])
    if "query" in read:
        days = 365
    elif "failure" in read:
        print(f"  the model reads: {read['failure']['suggestion']}")
        days = 90
    else:
        answer = f"{read['observation']['euros']} euros in the last quarter."
        return {"next_node": "final_response", "args": {"answer": answer}}
    return {"next_node": "total_sales", "args": {"region": "south", "days": days}}


async def main() -> None:
    planner = ReactPlanner(llm_client=FunctionLLM(analyst), catalog=build_catalog([total_sales]))
    result = await planner.run("How much did the south sell?")
    assert isinstance(result, PlannerFinish)
    for step in result.metadata["steps"]:
        print(f"{step['action']['args']['days']} days: {step['error'] or step['observation']}")
    print(result.payload["raw_answer"])


asyncio.run(main())
