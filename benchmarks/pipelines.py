"""The two pipelines that are compared: a row of our nodes, and a row of bare `asyncio.Queue`s.

Both do the same work: every stage takes an item, awaits a function that returns it, and hands it on.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any, TypeAlias

from cpu import Stopwatch

from penguiflow import Headers, Message, Node, NodePolicy

NODES = 10
MAXSIZE = 64
HEADERS = Headers(tenant="bench")
UNTYPED = NodePolicy(validate="none")

RawQueue: TypeAlias = "asyncio.Queue[Any]"  # a bench sends ints and envelopes through the same queues
RawEnds: TypeAlias = tuple[RawQueue, RawQueue]
Stage: TypeAlias = Callable[[RawQueue, RawQueue], Awaitable[None]]
Put: TypeAlias = Callable[[Any], Awaitable[None]]
Get: TypeAlias = Callable[[], Awaitable[Any]]


async def same(msg: Any, ctx: Any) -> Any:
    """What every node and every stage does: nothing."""
    return msg


async def plain_stage(inbox: RawQueue, outbox: RawQueue) -> None:
    while True:
        await outbox.put(await same(await inbox.get(), None))


@asynccontextmanager
async def raw_pipeline(stage: Stage, *, stages: int = NODES) -> AsyncGenerator[RawEnds, None]:
    """Run `stages` tasks in a row and give the first and the last queue."""
    queues: list[RawQueue] = [asyncio.Queue(MAXSIZE) for _ in range(stages + 1)]
    async with raw_stages(*((stage, a, b) for a, b in pairwise(queues))):
        yield queues[0], queues[-1]


@asynccontextmanager
async def raw_stages(*stages: tuple[Stage, RawQueue, RawQueue]) -> AsyncGenerator[None, None]:
    """Run one task per stage while the block runs."""
    tasks = [asyncio.ensure_future(stage(inbox, outbox)) for stage, inbox, outbox in stages]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def new_messages(count: int) -> list[Message]:
    """Return envelopes with a trace each."""
    return [Message(payload=1, headers=HEADERS) for _ in range(count)]


def node_row(policy: NodePolicy = UNTYPED, *, count: int = NODES) -> list[Node]:
    """Return nodes that do nothing, to be joined in a row."""
    return [Node(same, name=f"n{number}", policy=policy) for number in range(count)]


async def one_by_one(put: Put, get: Get, messages: list[Message]) -> float:
    """Send a message, wait until it is through, and only then send the next."""
    with Stopwatch() as watch:
        for message in messages:
            await put(message)
            await get()
    return watch.seconds


async def all_at_once(put: Put, get: Get, messages: list[Message]) -> float:
    """Keep the queues full."""

    async def feed() -> None:
        for message in messages:
            await put(message)

    with Stopwatch() as watch:
        feeder = asyncio.create_task(feed())
        for _ in messages:
            await get()
        await feeder
    return watch.seconds
