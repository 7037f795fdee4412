"""A flow that tells Redis Streams, NATS JetStream or the screen what travels on its floes.

    python examples/message_bus/flow.py
    REDIS_URL=redis://localhost:6379/0 python examples/message_bus/flow.py
    NATS_URL=nats://localhost:4222 python examples/message_bus/flow.py

Without either URL a bus of four lines prints what it gets.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from penguiflow import BusEnvelope, Headers, Message, MessageBus, Node, NodePolicy, create
from penguiflow.bus import NatsJetStreamPublisher, RedisStreamsPublisher


class PrintingBus:
    async def publish(self, envelope: BusEnvelope) -> None:
        print(f"{envelope.edge}: {envelope.payload.payload}")


@asynccontextmanager
async def open_bus() -> AsyncIterator[MessageBus]:
    publisher: RedisStreamsPublisher | NatsJetStreamPublisher
    if url := os.environ.get("REDIS_URL"):
        publisher = RedisStreamsPublisher(url, stream="example")
    elif url := os.environ.get("NATS_URL"):
        publisher = NatsJetStreamPublisher(url, stream="example", subject_prefix="example")
    else:
        yield PrintingBus()
        return
    async with publisher:  # leaving it sends what is left, for five seconds at most
        yield publisher
    statistics = publisher.statistics()
    print(f"sent: {statistics.sent}, not sent: {statistics.buffered}, problem: {statistics.last_error}")


async def weigh(message: Message, ctx: Any) -> Message:
    return message.model_copy(update={"payload": {**message.payload, "weight_g": 200}})


async def label(message: Message, ctx: Any) -> Message:
    return message.model_copy(update={"payload": {**message.payload, "label": "fresh"}})


async def main() -> None:
    weigh_node = Node(weigh, name="weigh", policy=NodePolicy(validate="none"))
    label_node = Node(label, name="label", policy=NodePolicy(validate="none"))
    async with open_bus() as bus:
        flow = create(weigh_node.to(label_node), message_bus=bus)
        flow.run()
        await flow.emit(Message(payload={"fish": "herring"}, headers=Headers(tenant="acme")))
        await flow.fetch()
        await flow.stop()


if __name__ == "__main__":
    asyncio.run(main())
