"""A node whose work is done by a remote agent; here the wire is an object in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from penguiflow import Headers, Message, NodePolicy, create
from penguiflow.remote import RemoteCallRequest, RemoteCallResult, RemoteNode, RemoteStreamEvent


class LocalAgent:
    """A transport needs these three methods; a real one speaks to `request.agent_url`."""

    async def send(self, request: RemoteCallRequest) -> RemoteCallResult:
        return RemoteCallResult(result=request.message.payload, task_id="task-1")

    async def stream(self, request: RemoteCallRequest) -> AsyncIterator[RemoteStreamEvent]:
        yield RemoteStreamEvent(task_id="task-1")  # known from here on, so it can be cancelled
        words = request.message.payload.split()
        for number, word in enumerate(words, start=1):
            yield RemoteStreamEvent(text=word, done=number == len(words))
            if word == "...":
                await asyncio.Event().wait()  # thinks for ever
        yield RemoteStreamEvent(result={"words": len(words)})

    async def cancel(self, *, agent_url: str, task_id: str) -> None:
        print(f"{agent_url} cancels {task_id}")


async def main() -> None:
    translate = RemoteNode(
        transport=LocalAgent(),
        skill="translate",
        agent_url="local://agent",
        name="translate",
        streaming=True,
        policy=NodePolicy(validate="none"),
    )
    flow = create(translate.to())
    flow.run()

    await flow.emit(Message(payload="fish for the colony", headers=Headers(tenant="acme")))
    while isinstance(item := await flow.fetch(), Message):
        print(f"{item.payload.seq}: {item.payload.text}")
    print(item)

    endless = Message(payload="... and stars", headers=Headers(tenant="acme"))
    await flow.emit(endless)
    print((await flow.fetch()).payload.text)
    await flow.cancel(endless.trace_id)

    await flow.stop()


if __name__ == "__main__":
    asyncio.run(main())
