"""A flow behind a websocket: statuses go out as JSON frames, and one typed response closes the exchange."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

from pydantic import BaseModel

from penguiflow import Context, Headers, Message, Node, NodePolicy, StreamChunk, chunk_to_ws_json, create
from penguiflow.streaming import stream_flow

Branch = Literal["documents", "bug"]

ROADMAPS: dict[Branch, list[str]] = {
    "documents": ["parse the files", "extract the tables"],
    "bug": ["read the log", "name the suspect"],
}


class FlowResponse(BaseModel):
    """What the client gets last."""

    kind: Literal["response"] = "response"
    branch: Branch
    text: str


async def triage(msg: Message, ctx: Context) -> Message:
    branch: Branch = "bug" if "crash" in msg.payload else "documents"
    msg.meta["branch"] = branch
    await ctx.emit_chunk(parent=msg, text=f"routed to {branch}", meta={"kind": "status"})
    return msg


async def follow(msg: Message, ctx: Context) -> Message:
    if isinstance(msg.payload, StreamChunk):
        return msg  # a status on its way out
    branch: Branch = msg.meta["branch"]
    for step in ROADMAPS[branch]:
        await ctx.emit_chunk(parent=msg, text=step, meta={"kind": "status"})
    await ctx.emit_chunk(parent=msg, text="", done=True, meta={"kind": "status"})
    text = f"{len(ROADMAPS[branch])} steps for: {msg.payload}"
    return msg.model_copy(update={"payload": FlowResponse(branch=branch, text=text)})


async def serve(question: str, send: Callable[[str], Awaitable[None]]) -> None:
    """Answer one request; `send` is the socket's."""
    policy = NodePolicy(validate="none")
    first, second = Node(triage, name="triage", policy=policy), Node(follow, name="follow", policy=policy)
    flow = create(first.to(second))
    flow.run()
    request = Message(payload=question, headers=Headers(tenant="acme"), trace_id="request-1")
    try:
        async for item in stream_flow(flow, request, include_final=True, timeout=5):
            await send(chunk_to_ws_json(item) if isinstance(item, StreamChunk) else item.model_dump_json())
    finally:
        await flow.stop()


async def print_frame(frame: str) -> None:
    print(frame)


if __name__ == "__main__":
    asyncio.run(serve("the upload crashes", print_frame))
