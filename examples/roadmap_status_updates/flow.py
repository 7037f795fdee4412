"""An agent that announces its roadmap, streams a status per step, and then streams its answer.

One stream carries both; the `meta` of a chunk says what it is.
"""

from __future__ import annotations

import asyncio

from pydantic import BaseModel, Field

from penguiflow import Context, Headers, Message, Node, NodePolicy, StreamChunk, create
from penguiflow.streaming import stream_flow


class Roadmap(BaseModel):
    question: str
    steps: list[str]
    findings: list[str] = Field(default_factory=list)


async def plan(msg: Message, ctx: Context) -> Message:
    roadmap = Roadmap(question=msg.payload, steps=["search the logs", "compare the releases"])
    return msg.model_copy(update={"payload": roadmap})


async def work(msg: Message, ctx: Context) -> Message:
    roadmap: Roadmap = msg.payload
    for number, step in enumerate(roadmap.steps, start=1):
        progress = f"{number}/{len(roadmap.steps)}"
        await ctx.emit_chunk(parent=msg, text=step, meta={"progress": progress})
        roadmap.findings.append(f"{step}: done")
    return msg


async def answer(msg: Message, ctx: Context) -> Message | None:
    if isinstance(msg.payload, StreamChunk):
        return msg  # a status on its way out
    for finding in msg.payload.findings:
        await ctx.emit_chunk(parent=msg, text=f"{finding}. ")
    await ctx.emit_chunk(parent=msg, text="", done=True)
    return None


async def main() -> None:
    policy = NodePolicy(validate="none")
    nodes = [Node(func, name=func.__name__, policy=policy) for func in (plan, work, answer)]
    flow = create(nodes[0].to(nodes[1]), nodes[1].to(nodes[2]))
    flow.run()
    question = Message(payload="why is it slow?", headers=Headers(tenant="acme"))
    text = ""
    async for chunk in stream_flow(flow, question, timeout=5):
        if "progress" in chunk.meta:
            print(f"[{chunk.meta['progress']}] {chunk.text}")
        else:
            text += chunk.text
    print(text.strip())
    await flow.stop()


if __name__ == "__main__":
    asyncio.run(main())
