"""What it costs to cancel one trace among a thousand.

    python benchmarks/cancels.py [--quick] [--loop uvloop]

Executing: each trace is inside a node of its own; the time runs until the node has seen the cancellation.
Queued: all wait in front of a row of nodes. Baseline of both: one of a thousand bare tasks is cancelled
and awaited.
"""

from __future__ import annotations

import asyncio
from itertools import pairwise

from cpu import Stopwatch, Work, medians
from gates import Gate
from options import Options
from pipelines import HEADERS, UNTYPED, node_row
from rows import Limit, Row, main

from penguiflow import Context, Message, Node, create

TRACES = 1000
VICTIMS = range(100, 900, 40)
LIMIT = Limit(of="at most", required=60, aim=35)


async def raw_work() -> float:
    gate = Gate()
    tasks = [asyncio.create_task(gate.wait()) for _ in range(TRACES)]
    await gate.full(TRACES)
    with Stopwatch() as watch:
        for number in VICTIMS:
            tasks[number].cancel()
            await asyncio.wait([tasks[number]])
    gate.open()
    await asyncio.gather(*tasks, return_exceptions=True)
    return watch.seconds


async def executing_work() -> float:
    gate = Gate()
    interrupted: dict[int, asyncio.Event] = {}

    async def park(message: Message, ctx: Context) -> Message:
        try:
            await gate.wait()
        except asyncio.CancelledError:
            if message.payload in interrupted:  # not the end of the flow
                interrupted[message.payload].set()
            raise
        return message

    nodes = [Node(park, name=f"n{number}", policy=UNTYPED) for number in range(TRACES)]
    flow = create(*(node.to() for node in nodes))
    flow.run()
    messages = numbered_messages()
    for node, message in zip(nodes, messages, strict=True):
        await flow.emit(message, to=node)
    await gate.full(TRACES)
    with Stopwatch() as watch:
        for number in VICTIMS:
            interrupted[number] = asyncio.Event()
            assert await flow.cancel(messages[number].trace_id)
            await interrupted[number].wait()
    await flow.stop()
    return watch.seconds


async def queued_work() -> float:
    gate = Gate()

    async def park(message: Message, ctx: Context) -> Message:
        await gate.wait()
        return message

    nodes = [Node(park, name="gate", policy=UNTYPED), *node_row()]
    flow = create(*(a.to(b) for a, b in pairwise(nodes)), queue_maxsize=0)
    flow.run()
    messages = numbered_messages()
    for message in messages:
        await flow.emit(message)
    await gate.full(1)
    with Stopwatch() as watch:
        for number in VICTIMS:
            assert await flow.cancel(messages[number].trace_id)
    gate.open()
    survivors = [(await flow.fetch()).payload for _ in range(TRACES - len(VICTIMS))]
    assert survivors == [number for number in range(TRACES) if number not in VICTIMS]
    await flow.stop()
    return watch.seconds


def numbered_messages() -> list[Message]:
    return [Message(payload=number, headers=HEADERS) for number in range(TRACES)]


def measure(options: Options) -> list[Row]:
    works: dict[str, Work] = {"raw": raw_work, "executing": executing_work, "queued": queued_work}
    seconds = medians(works, options)
    return [
        Row(
            name=f"cancel one of {TRACES} traces, {state}",
            unit="us",
            measured=seconds[state] / len(VICTIMS) * 1e6,
            baseline=seconds["raw"] / len(VICTIMS) * 1e6,
            limit=LIMIT,
        )
        for state in ("executing", "queued")
    ]


if __name__ == "__main__":
    main(measure, __doc__)
