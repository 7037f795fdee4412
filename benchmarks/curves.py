"""How the cost of a hop changes with the number of traces in flight and with the number of nodes.

    python benchmarks/curves.py [--quick] [--loop uvloop]

Traces: that many messages of different traces are inside ten nodes at every moment; a new one is sent for
each that comes out. Nodes: a row of that length with 64 messages in it. All points make about as many
hops and take turns. A curve is flat when its largest point is near its least. Many points touch more
memory than the caches of the processor hold; bare queues pay for that as well and stand beside ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cpu import Stopwatch, Work, medians
from options import Options, from_arguments, parser
from pipelines import NODES, Get, Put, RawQueue, new_messages, node_row, plain_stage, raw_stages

from penguiflow import create

TRACES_IN_FLIGHT = (10, 100, 1000, 10_000)
ROW_LENGTHS = (10, 30, 100, 300, 1000)
IN_FLIGHT_IN_ROWS = 64
HOPS = 100_000
BAR = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One size to measure."""

    nodes: int
    in_flight: int
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Microseconds per hop."""

    ours: float
    raw: float


def point(options: Options, *, nodes: int = NODES, in_flight: int = IN_FLIGHT_IN_ROWS) -> Point:
    """Return a point with as many messages as make the usual number of hops, and twice what is in flight."""
    messages = max(2 * in_flight, options.count(HOPS) // nodes)
    return Point(nodes=nodes, in_flight=in_flight, messages=messages)


async def keep_in_flight(put: Put, get: Get, at: Point) -> float:
    messages = new_messages(at.messages)
    with Stopwatch() as watch:
        for message in messages[: at.in_flight]:
            await put(message)
        for message in messages[at.in_flight :]:
            await get()
            await put(message)
        for _ in range(at.in_flight):
            await get()
    return watch.seconds


def our_work(at: Point) -> Work:
    async def work() -> float:
        row = node_row(count=at.nodes)
        flow = create(*(a.to(b) for a, b in pairwise(row)), queue_maxsize=0)
        flow.run()
        try:
            return await keep_in_flight(flow.emit, flow.fetch, at)
        finally:
            await flow.stop()

    return work


def raw_work(at: Point) -> Work:
    async def work() -> float:
        queues: list[RawQueue] = [asyncio.Queue() for _ in range(at.nodes + 1)]
        async with raw_stages(*((plain_stage, a, b) for a, b in pairwise(queues))):
            return await keep_in_flight(queues[0].put, queues[-1].get, at)

    return work


def costs(points: Sequence[Point], options: Options) -> list[Cost]:
    """Measure all points in turns."""
    works: dict[str, Work] = {}
    for number, at in enumerate(points):
        works[f"ours {number}"] = our_work(at)
        works[f"raw {number}"] = raw_work(at)
    seconds = medians(works, options)
    per_hop = [1e6 / (at.messages * at.nodes) for at in points]
    return [
        Cost(ours=seconds[f"ours {number}"] * scale, raw=seconds[f"raw {number}"] * scale)
        for number, scale in enumerate(per_hop)
    ]


def drawing(title: str, curve: Mapping[int, Cost]) -> str:
    """Return the curve as text: a line with a bar per size, and how flat it is."""
    ours = [cost.ours for cost in curve.values()]
    raw = [cost.raw for cost in curve.values()]
    lines = [f"{title:>16}{'ours us/hop':>13}{'raw us/hop':>12}"]
    for size, cost in curve.items():
        bar = "#" * round(BAR * cost.ours / max(ours))
        lines.append(f"{size:>16,}{cost.ours:>13.2f}{cost.raw:>12.2f}  {bar}")
    flatness = f"{max(ours) / min(ours):>12.2f}x{max(raw) / min(raw):>11.2f}x"
    return "\n".join([*lines, f"{'largest / least':>16}{flatness}"])


def main() -> None:
    options = from_arguments(parser(__doc__).parse_args())
    traces = [size for size in TRACES_IN_FLIGHT if not options.quick or size <= 100]
    lengths = [size for size in ROW_LENGTHS if not options.quick or size <= 100]
    by_traces = costs([point(options, in_flight=size) for size in traces], options)
    print(drawing("traces in flight", dict(zip(traces, by_traces, strict=True))), end="\n\n")
    by_length = costs([point(options, nodes=size) for size in lengths], options)
    print(drawing("nodes in a row", dict(zip(lengths, by_length, strict=True))))


if __name__ == "__main__":
    main()
