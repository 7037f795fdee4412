"""How much memory a trace takes that waits.

    python benchmarks/parked.py [--quick] [--loop uvloop]

In a flow of its own: 10,000 flows of one node, each with a message inside the node's function. In one
node: the same function works on 10,000 traces at once. Queued: 10,000 messages in front of one node.
Baseline of all: 10,000 bare tasks that wait at an `asyncio.Event`. Resident memory of a fresh process per
measure, before and after.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from fresh import in_new_process
from gates import Gate
from memory import resident_bytes
from options import Options
from pipelines import HEADERS, UNTYPED
from rows import Limit, Row, main

from penguiflow import Context, Message, Node, NodePolicy, PenguiFlow, create
from penguiflow.node import NodeFunction

TRACES = 10_000
LIMIT = Limit(of="at most", required=4, aim=2.5)

Parking: TypeAlias = Callable[[int], Awaitable[int]]
"""Parks so many traces and returns the bytes they take."""


async def park_tasks(traces: int) -> int:
    gate = Gate()
    before = resident_bytes()
    tasks = [asyncio.create_task(gate.wait()) for _ in range(traces)]
    await gate.full(traces)
    grown = resident_bytes() - before
    gate.open()
    await asyncio.gather(*tasks)
    return grown


async def park_in_flows(traces: int) -> int:
    gate = Gate()
    flows = [await one_flow(gate)]  # what the first flow of a process needs is not the trace's
    before = resident_bytes()
    flows += [await one_flow(gate) for _ in range(traces)]
    await gate.full(traces + 1)
    grown = resident_bytes() - before
    gate.open()
    for flow in flows:
        await flow.fetch()
        await flow.stop()
    return grown


async def one_flow(gate: Gate) -> PenguiFlow:
    flow = create(Node(parking(gate), name="park", policy=UNTYPED).to())
    flow.run()
    await flow.emit(Message(payload=1, headers=HEADERS))
    return flow


async def park_in_one_node(traces: int) -> int:
    gate = Gate()
    first = await one_flow(gate)
    before = resident_bytes()
    policy = NodePolicy(validate="none", max_concurrency=traces)
    flow = create(Node(parking(gate), name="park", policy=policy).to(), queue_maxsize=0)
    flow.run()
    for number in range(traces):
        await flow.emit(Message(payload=number, headers=HEADERS))
    await gate.full(traces + 1)
    grown = resident_bytes() - before
    gate.open()
    for _ in range(traces):
        await flow.fetch()
    await flow.stop()
    await first.stop()
    return grown


async def park_in_queue(traces: int) -> int:
    gate = Gate()
    node = Node(parking(gate), name="park", policy=UNTYPED)
    flow = create(node.to(), queue_maxsize=0)
    flow.run()
    await flow.emit(Message(payload=0, headers=HEADERS))
    await gate.full(1)
    before = resident_bytes()
    for number in range(traces):
        await flow.emit(Message(payload=number, headers=HEADERS))
    grown = resident_bytes() - before
    gate.open()
    for _ in range(traces + 1):
        await flow.fetch()
    await flow.stop()
    return grown


def parking(gate: Gate) -> NodeFunction:
    async def park(message: Message, ctx: Context) -> Message:
        await gate.wait()
        return message

    return park


PARKINGS: dict[Parking, str] = {
    park_in_flows: "a flow each",
    park_in_one_node: "in one node",
    park_in_queue: "queued",
}


def kib_per_trace(park: Parking, traces: int, options: Options) -> float:
    """Park in this process."""

    async def parked() -> int:
        return await park(traces)

    with asyncio.Runner(loop_factory=options.new_event_loop) as runner:
        return runner.run(parked()) / traces / 1024


def measure(options: Options) -> list[Row]:
    traces, repeat = options.count(TRACES), 1 if options.quick else 3
    samples: dict[Parking, list[float]] = {park: [] for park in (park_tasks, *PARKINGS)}
    for _ in range(repeat):
        for park, kib in samples.items():
            kib.append(in_new_process(kib_per_trace, park, traces, options))
    return [
        Row(
            name=f"memory per parked trace, {where}",
            unit="KiB",
            measured=statistics.median(samples[park]),
            baseline=statistics.median(samples[park_tasks]),
            limit=LIMIT,
        )
        for park, where in PARKINGS.items()
    ]


if __name__ == "__main__":
    main(measure, __doc__)
