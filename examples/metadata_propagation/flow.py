"""`Message.meta` travels beside the payload: nodes leave notes for the nodes behind them.

Every branch of a fan-out has a `meta` of its own; a playbook writes into the one of its caller.
"""

from __future__ import annotations

import asyncio

from penguiflow import Context, Headers, Message, Node, NodePolicy, PenguiFlow, create


def untyped(func, name: str) -> Node:
    return Node(func, name=name, policy=NodePolicy(validate="none"))


async def price(msg: Message, ctx: Context) -> Message:
    msg.meta["cost"] = len(msg.payload) * 0.5
    return msg


def build_pricing() -> tuple[PenguiFlow, None]:
    return create(untyped(price, "price").to()), None


async def tag(msg: Message, ctx: Context) -> Message:
    msg.meta["request"] = f"{msg.headers.tenant}-{len(msg.payload)}"
    await ctx.call_playbook(build_pricing, msg)
    return msg


async def shout(msg: Message, ctx: Context) -> Message:
    msg.meta["style"] = "loud"
    return msg.model_copy(update={"payload": msg.payload.upper()})


async def whisper(msg: Message, ctx: Context) -> Message:
    msg.meta["style"] = "quiet"
    return msg.model_copy(update={"payload": msg.payload.lower()})


async def main() -> None:
    first, loud, quiet = untyped(tag, "tag"), untyped(shout, "shout"), untyped(whisper, "whisper")
    flow = create(first.to(loud, quiet))
    flow.run()
    await flow.emit(Message(payload="Ahoy", headers=Headers(tenant="acme"), meta={"user": "ada"}))
    for node in (loud, quiet):
        result = await flow.fetch(from_=node)
        print(result.payload, result.meta)
    await flow.stop()


if __name__ == "__main__":
    asyncio.run(main())
