"""CPU time per hop, as a ratio to a pipeline of bare `asyncio.Queue`s that does the same work.

Ten nodes in a row. Sequential: one message at a time, so each hop waits for the event loop. Pipelined:
the queues are kept full. Run: `python benchmarks/hops.py [--quick]`.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cpu import Stopwatch, Work, medians
from pydantic import TypeAdapter

from penguiflow import FlowEvent, Headers, Message, ModelRegistry, Node, NodePolicy, PenguiFlow, create

NODES = 10
MAXSIZE = 64
TIMEOUT_S = 30.0
HEADERS = Headers(tenant="bench")
VALIDATE = TypeAdapter(Message).validate_python

Stage = Callable[[Any, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One row: our pipeline against the bare one."""

    name: str
    policy: NodePolicy
    raw: Stage
    sequential: bool = False
    typed: bool = False
    observed: bool = False


async def same(msg: Any, ctx: Any) -> Any:
    return msg


async def plain_stage(inbox: asyncio.Queue[Any], outbox: asyncio.Queue[Any]) -> None:
    while True:
        await outbox.put(await same(await inbox.get(), None))


async def typed_stage(inbox: asyncio.Queue[Any], outbox: asyncio.Queue[Any]) -> None:
    while True:
        await outbox.put(VALIDATE(await same(VALIDATE(await inbox.get()), None)))


async def timed_stage(inbox: asyncio.Queue[Any], outbox: asyncio.Queue[Any]) -> None:
    while True:
        message = await inbox.get()
        async with asyncio.timeout(TIMEOUT_S):
            result = await same(message, None)
        await outbox.put(result)


async def ignore(event: FlowEvent) -> None:
    """A listener that does nothing."""


MEASURES = (
    Measure(name="sequential", policy=NodePolicy(validate="none"), raw=plain_stage, sequential=True),
    Measure(name="pipelined", policy=NodePolicy(validate="none"), raw=plain_stage),
    Measure(name="pipelined, typed both ways", policy=NodePolicy(), raw=typed_stage, typed=True),
    Measure(
        name="pipelined, timeout",
        policy=NodePolicy(validate="none", timeout_s=TIMEOUT_S),
        raw=timed_stage,
    ),
    Measure(
        name="sequential, one middleware",
        policy=NodePolicy(validate="none"),
        raw=plain_stage,
        sequential=True,
        observed=True,
    ),
)


async def pump(
    put: Callable[[Any], Awaitable[None]],
    get: Callable[[], Awaitable[Any]],
    messages: list[Message],
    *,
    sequential: bool,
) -> float:
    async def feed() -> None:
        for message in messages:
            await put(message)

    with Stopwatch() as watch:
        if sequential:
            for message in messages:
                await put(message)
                await get()
        else:
            feeder = asyncio.create_task(feed())
            for _ in messages:
                await get()
            await feeder
    return watch.seconds


def raw_work(measure: Measure, count: int) -> Work:
    async def work() -> float:
        queues: list[asyncio.Queue[Any]] = [asyncio.Queue(MAXSIZE) for _ in range(NODES + 1)]
        stages = [asyncio.create_task(measure.raw(a, b)) for a, b in pairwise(queues)]
        seconds = await pump(
            queues[0].put, queues[-1].get, new_messages(count), sequential=measure.sequential
        )
        for stage in stages:
            stage.cancel()
        await asyncio.gather(*stages, return_exceptions=True)
        return seconds

    return work


def our_work(measure: Measure, count: int) -> Work:
    async def work() -> float:
        flow, registry = build(measure)
        flow.run(registry=registry)
        seconds = await pump(flow.emit, flow.fetch, new_messages(count), sequential=measure.sequential)
        await flow.stop()
        return seconds

    return work


def build(measure: Measure) -> tuple[PenguiFlow, ModelRegistry | None]:
    nodes = [Node(same, name=f"n{n}", policy=measure.policy) for n in range(NODES)]
    registry = ModelRegistry() if measure.typed else None
    if registry is not None:
        for node in nodes:
            registry.register(node.name, Message, Message)
    adjacencies = [a.to(b) for a, b in pairwise(nodes)]
    middlewares = [ignore] if measure.observed else []
    return create(*adjacencies, queue_maxsize=MAXSIZE, middlewares=middlewares), registry


def new_messages(count: int) -> list[Message]:
    return [Message(payload=1, headers=HEADERS) for _ in range(count)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    quick = parser.parse_args().quick
    print(f"{'measure':28}{'raw us/hop':>12}{'ours us/hop':>13}{'ratio':>8}")
    for measure in MEASURES:
        count = (300 if measure.sequential else 2000) // (10 if quick else 1)
        seconds = medians(
            {"raw": raw_work(measure, count), "ours": our_work(measure, count)}, repeat=3 if quick else 7
        )
        raw, ours = (seconds[key] / (count * NODES) * 1e6 for key in ("raw", "ours"))
        print(f"{measure.name:28}{raw:12.2f}{ours:13.2f}{ours / raw:7.2f}x")


if __name__ == "__main__":
    main()
