"""Cancelling one trace: it ends deep inside a playbook, while the trace beside it goes on."""

from __future__ import annotations

import asyncio

from penguiflow import Context, Headers, Message, Node, NodePolicy, PenguiFlow, create

STARTED = {name: asyncio.Event() for name in ("spare", "doomed")}
CLEANED_UP = asyncio.Event()
MAY_FINISH = asyncio.Event()


async def research(msg: Message, ctx: Context) -> Message:
    print(f"{msg.payload}: research begins")
    STARTED[msg.payload].set()
    try:
        await MAY_FINISH.wait()
    except asyncio.CancelledError:
        print(f"{msg.payload}: research was cancelled and cleans up")
        CLEANED_UP.set()
        raise
    return msg


def build_research() -> tuple[PenguiFlow, None]:
    node = Node(research, name="research", policy=NodePolicy(validate="none"))
    return create(node.to()), None


async def delegate(msg: Message, ctx: Context) -> Message:
    return msg.model_copy(update={"payload": await ctx.call_playbook(build_research, msg)})


async def report(msg: Message, ctx: Context) -> str:
    return f"{msg.payload}: report written"


async def main() -> None:
    several = NodePolicy(validate="none", max_concurrency=2)
    first = Node(delegate, name="delegate", policy=several)
    flow = create(first.to(Node(report, name="report", policy=NodePolicy(validate="none"))))
    flow.run()

    spare, doomed = (Message(payload=name, headers=Headers(tenant="acme")) for name in STARTED)
    for message in (spare, doomed):
        await flow.emit(message)
        await STARTED[message.payload].wait()

    print("cancel doomed:", await flow.cancel(doomed.trace_id))
    await CLEANED_UP.wait()
    MAY_FINISH.set()
    print(await flow.fetch(trace_id=spare.trace_id))
    print("cancel doomed again:", await flow.cancel(doomed.trace_id))
    await flow.stop()


if __name__ == "__main__":
    asyncio.run(main())
