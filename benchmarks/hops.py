"""What a hop costs: ten nodes in a row against ten tasks between bare `asyncio.Queue`s.

    python benchmarks/hops.py [--quick] [--loop uvloop]

Sequential: one message at a time, so each hop waits for the event loop. Pipelined: the queues are kept
full. Every message is an envelope with a trace, and can be cancelled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

from cpu import Work, medians
from options import Options
from pipelines import (
    MAXSIZE,
    NODES,
    UNTYPED,
    Get,
    Put,
    RawQueue,
    Stage,
    all_at_once,
    new_messages,
    node_row,
    one_by_one,
    plain_stage,
    raw_pipeline,
    same,
)
from pydantic import TypeAdapter
from rows import Limit, Row, main

from penguiflow import FlowEvent, Message, ModelRegistry, NodePolicy, PenguiFlow, create

TIMEOUT_S = 30.0
VALIDATE = TypeAdapter(Message).validate_python

Pump: TypeAlias = Callable[[Put, Get, list[Message]], Awaitable[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One row: what our nodes are asked to do, and the bare stage that does as much."""

    name: str
    limit: Limit
    pump: Pump
    messages: int
    raw: Stage = plain_stage
    policy: NodePolicy = field(default_factory=lambda: UNTYPED)
    typed: bool = False
    observed: bool = False


async def typed_stage(inbox: RawQueue, outbox: RawQueue) -> None:
    while True:
        await outbox.put(VALIDATE(await same(VALIDATE(await inbox.get()), None)))


async def timed_stage(inbox: RawQueue, outbox: RawQueue) -> None:
    while True:
        message = await inbox.get()
        async with asyncio.timeout(TIMEOUT_S):
            result = await same(message, None)
        await outbox.put(result)


async def ignore(event: FlowEvent) -> None:
    """A listener that does nothing."""


VARIANTS = (
    Variant(
        name="sequential hop",
        limit=Limit(of="ratio", required=1.7, aim=1.3),
        pump=one_by_one,
        messages=300,
    ),
    Variant(
        name="sequential hop, one no-op middleware",
        limit=Limit(of="ratio", required=2.5, aim=1.8),
        pump=one_by_one,
        messages=300,
        observed=True,
    ),
    Variant(
        name="pipelined hop",
        limit=Limit(of="ratio", required=3.0, aim=1.5),
        pump=all_at_once,
        messages=2000,
    ),
    Variant(
        name="pipelined hop, typed both ways",
        limit=Limit(of="ratio", required=3.0, aim=1.5),
        pump=all_at_once,
        messages=2000,
        raw=typed_stage,
        policy=NodePolicy(),
        typed=True,
    ),
    Variant(
        name="pipelined hop, timeout_s set",
        limit=Limit(of="ratio", required=1.0, aim=0.5),
        pump=all_at_once,
        messages=2000,
        raw=timed_stage,
        policy=NodePolicy(validate="none", timeout_s=TIMEOUT_S),
    ),
)


def raw_work(variant: Variant, count: int) -> Work:
    async def work() -> float:
        async with raw_pipeline(variant.raw) as (first, last):
            return await variant.pump(first.put, last.get, new_messages(count))

    return work


def our_work(variant: Variant, count: int) -> Work:
    async def work() -> float:
        flow, registry = build(variant)
        flow.run(registry=registry)
        try:
            return await variant.pump(flow.emit, flow.fetch, new_messages(count))
        finally:
            await flow.stop()

    return work


def build(variant: Variant) -> tuple[PenguiFlow, ModelRegistry | None]:
    nodes = node_row(variant.policy)
    registry = ModelRegistry() if variant.typed else None
    if registry is not None:
        for node in nodes:
            registry.register(node.name, Message, Message)
    adjacencies = [a.to(b) for a, b in pairwise(nodes)]
    middlewares = [ignore] if variant.observed else []
    return create(*adjacencies, queue_maxsize=MAXSIZE, middlewares=middlewares), registry


def measure(options: Options) -> list[Row]:
    works: dict[str, Work] = {}
    for variant in VARIANTS:
        count = options.count(variant.messages)
        works[f"raw {variant.name}"] = raw_work(variant, count)
        works[f"our {variant.name}"] = our_work(variant, count)
    seconds = medians(works, options)
    rows: list[Row] = []
    for variant in VARIANTS:
        per_hop = 1e6 / (options.count(variant.messages) * NODES)
        rows.append(
            Row(
                name=variant.name,
                unit="us",
                measured=seconds[f"our {variant.name}"] * per_hop,
                baseline=seconds[f"raw {variant.name}"] * per_hop,
                limit=variant.limit,
            )
        )
    return rows


if __name__ == "__main__":
    main(measure, __doc__)
