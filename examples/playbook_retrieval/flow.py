"""A node that calls a small flow of its own: retrieve, rerank, compress.

The main flow has one node. What it calls is built for each message and gone when the answer is there.
"""

from __future__ import annotations

import asyncio

from penguiflow import Context, Headers, Message, ModelRegistry, Node, NodePolicy, PenguiFlow, create

LIBRARY = {
    "penguins dive for krill": 0.9,
    "icebergs calve in summer": 0.1,
    "krill swarms follow the ice edge": 0.7,
    "gulls nest on cliffs": 0.2,
}


async def retrieve(msg: Message, ctx: Context) -> Message:
    words = msg.payload.split()
    found = [text for text in LIBRARY if any(word in text for word in words)]
    return msg.model_copy(update={"payload": found})


async def rerank(msg: Message, ctx: Context) -> Message:
    ranked = sorted(msg.payload, key=LIBRARY.__getitem__, reverse=True)
    return msg.model_copy(update={"payload": ranked[:2]})


async def compress(msg: Message, ctx: Context) -> Message:
    return msg.model_copy(update={"payload": "; ".join(text.upper() for text in msg.payload)})


def untyped(func, name: str) -> Node:
    return Node(func, name=name, policy=NodePolicy(validate="none"))


def build_retrieval() -> tuple[PenguiFlow, ModelRegistry | None]:
    first, second, third = (
        untyped(retrieve, "retrieve"),
        untyped(rerank, "rerank"),
        untyped(compress, "compress"),
    )
    return create(first.to(second), second.to(third)), None


async def answer(msg: Message, ctx: Context) -> Message:
    context = await ctx.call_playbook(build_retrieval, msg, timeout=5)
    return msg.model_copy(update={"payload": f"{msg.payload} -> {context}"})


async def main() -> None:
    flow = create(untyped(answer, "answer").to())
    flow.run()
    question = Message(payload="krill ice", headers=Headers(tenant="acme"))
    await flow.emit(question)
    result = await flow.fetch()
    print(result.payload)
    print("same trace:", result.trace_id == question.trace_id)
    await flow.stop()


if __name__ == "__main__":
    asyncio.run(main())
