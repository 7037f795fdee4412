"""Record a run's model calls once, replay them in every test: same run, no network, no key, no cost.

    python examples/react_cassette/main.py

`CassetteClient.record(LiteLLMClient("openai/gpt-4o-mini"), "tests/order.jsonl")` records a real model.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from pydantic import BaseModel

from penguiflow import ReactPlanner, build_catalog, tool
from penguiflow.llm import CassetteClient, CassetteMissError, ScriptedLLM, scripted_reply
from penguiflow.planner import PlannerFinish


class Item(BaseModel):
    name: str


class Stock(BaseModel):
    left: int


@tool(desc="Look into the store room", side_effects="read")
def stock(args: Item) -> Stock:
    return Stock(left=7)


SCRIPT = [
    {"next_node": "stock", "args": {"name": "sledge"}},
    {"next_node": "final_response", "args": {"answer": "Seven sledges are left."}},
]


async def ask(client: CassetteClient, question: str) -> PlannerFinish:
    result = await ReactPlanner(llm_client=client, catalog=build_catalog([stock])).run(question)
    assert isinstance(result, PlannerFinish)
    return result


async def main(tape: Path) -> None:
    model = ScriptedLLM([scripted_reply(says, cost_usd=0.001) for says in SCRIPT])
    recorded = await ask(CassetteClient.record(model, tape), "How many sledges are left?")
    print(f"recorded: {recorded.payload['raw_answer']} ({len(model.received)} calls of the model)")

    client = CassetteClient.replay(tape)
    replayed = await ask(client, "How many sledges are left?")
    client.assert_all_used()
    print(f"replayed: {replayed.payload['raw_answer']} ({len(model.received)} calls of the model)")
    for key in ("step_count", "cost", "constraints"):
        print(f"same {key}: {replayed.metadata[key] == recorded.metadata[key]}")

    try:
        await ask(CassetteClient.replay(tape), "How many skis are left?")
    except CassetteMissError as miss:
        print(f"another question: {type(miss).__name__}, no call is made")


with tempfile.TemporaryDirectory() as folder:
    asyncio.run(main(Path(folder) / "stock.jsonl"))
