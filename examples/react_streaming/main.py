"""Watch a run while it goes: chunks of a tool as it works, then the model's answer as it is written.

    python examples/react_streaming/main.py

`event_callback` hears everything. The answer streams when `stream_final_response` is set and the client can
stream, as `LiteLLMClient` and the scripted clients can. Chunks of tools are also kept on their step.
"""

from __future__ import annotations

import asyncio

from pydantic import BaseModel

from penguiflow import ReactPlanner, build_catalog, tool
from penguiflow.llm import ScriptedLLM
from penguiflow.planner import PlannerEvent, PlannerFinish, ToolContext


class Route(BaseModel):
    ports: list[str]


class Log(BaseModel):
    miles: int


@tool(desc="Sail along a route", side_effects="external")
async def sail(args: Route, ctx: ToolContext) -> Log:
    for seq, port in enumerate(args.ports):
        await ctx.emit_chunk("voyage", seq, f"reached {port}")
    await ctx.emit_chunk("voyage", len(args.ports), "", done=True)
    return Log(miles=480 * len(args.ports))


SCRIPT = [
    {"next_node": "sail", "args": {"ports": ["Ushuaia", "Deception Island"]}},
    {"next_node": "final_response", "args": {"answer": "We sailed 960 miles to Deception Island."}},
]


def show(event: PlannerEvent) -> None:
    extra = event.extra
    if event.event_type == "stream_chunk" and not extra["done"]:
        print(f"[{extra['stream_id']} {extra['seq']}] {extra['text']}")
    elif event.event_type == "step_complete":
        print(f"{event.node_name} is done")
    elif event.event_type == "llm_stream_chunk" and extra["channel"] == "answer":
        print("" if extra["done"] else f"{extra['text']}|", end="\n" if extra["done"] else "", flush=True)


async def main() -> None:
    planner = ReactPlanner(
        llm_client=ScriptedLLM(SCRIPT, chunk_chars=16),
        catalog=build_catalog([sail]),
        event_callback=show,
        stream_final_response=True,
    )
    result = await planner.run("Sail to Deception Island")
    assert isinstance(result, PlannerFinish)
    chunks = result.metadata["steps"][0]["streams"]["voyage"]
    print(f"kept on the step: {[chunk['text'] for chunk in chunks]}")


asyncio.run(main())
