"""A model that speaks word by word, and a sink that writes each piece as a server-sent event."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from penguiflow import Context, Headers, Message, Node, NodePolicy, StreamChunk, create, format_sse_event
from penguiflow.streaming import emit_stream_events


async def mock_model(prompt: str) -> AsyncIterator[str]:
    """Stands for the streaming call of a real client."""
    for word in f"You asked: {prompt}".split():
        yield f"{word} "


async def speak(msg: Message, ctx: Context) -> None:
    await emit_stream_events(mock_model(msg.payload), ctx, msg, final_meta={"model": "mock"})


async def write_event(msg: Message, ctx: Context) -> Message:
    """Gets every chunk in the envelope of the question, so it knows whom the piece is for."""
    chunk: StreamChunk = msg.payload
    return msg.model_copy(update={"payload": format_sse_event(chunk)})


async def main() -> None:
    policy = NodePolicy(validate="none")
    model, sink = Node(speak, name="model", policy=policy), Node(write_event, name="sink", policy=policy)
    flow = create(model.to(sink))
    flow.run()

    question = Message(payload="do penguins fly?", headers=Headers(tenant="acme"))
    await flow.emit(question)
    event = ""
    while not event.startswith("event: done"):
        event = (await flow.fetch(trace_id=question.trace_id)).payload
        print(event, end="")
    await flow.stop()


if __name__ == "__main__":
    asyncio.run(main())
