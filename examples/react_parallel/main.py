"""One decision of the model searches three shards at the same time, and a join merges what they found.

    python examples/react_parallel/main.py

Results stand in the order of the plan. `inject` says which argument of the join receives which of them.
"""

from __future__ import annotations

import asyncio

from pydantic import BaseModel

from penguiflow import ReactPlanner, build_catalog, tool
from penguiflow.llm import ScriptedLLM
from penguiflow.planner import PlannerFinish, ToolContext

ALL_AT_WORK = asyncio.Barrier(3)  # no search ends before three have begun


class Shard(BaseModel):
    topic: str
    number: int


class Hits(BaseModel):
    shard: int
    titles: list[str]


class AllHits(BaseModel):
    shards: list[Hits]


class Merged(BaseModel):
    titles: list[str]


@tool(desc="Search one shard of the index", side_effects="read")
async def search_shard(args: Shard, ctx: ToolContext) -> Hits:
    await ALL_AT_WORK.wait()
    return Hits(shard=args.number, titles=[f"{args.topic} {args.number}{letter}" for letter in "ab"])


@tool(desc="Merge the hits of several shards")
def merge_hits(args: AllHits) -> Merged:
    return Merged(titles=[title for shard in args.shards for title in shard.titles])


SEARCHES = [{"node": "search_shard", "args": {"topic": "krill", "number": number}} for number in (1, 2, 3)]
SCRIPT = [
    {
        "thought": "The index has three shards; none depends on another.",
        "next_node": "parallel",
        "args": {"steps": SEARCHES, "join": {"node": "merge_hits", "inject": {"shards": "$results"}}},
    },
    {"next_node": "final_response", "args": {"answer": "There are six documents about krill."}},
]


async def main() -> None:
    planner = ReactPlanner(llm_client=ScriptedLLM(SCRIPT), catalog=build_catalog([search_shard, merge_hits]))
    result = await planner.run("What do we have about krill?")
    assert isinstance(result, PlannerFinish)

    outcome = result.metadata["steps"][0]["observation"]
    for branch in outcome["branches"]:
        print(f"{branch['node']} {branch['args']['number']}: {', '.join(branch['observation']['titles'])}")
    print(f"{outcome['join']['node']}: {len(outcome['join']['observation']['titles'])} titles")
    print(f"{outcome['stats']}, tool calls: {result.metadata['constraints']['hops_used']}")
    print(result.payload["raw_answer"])


asyncio.run(main())
