"""What it costs to send a message to 100 nodes and to join their results again.

    python benchmarks/fanout.py [--quick] [--loop uvloop]

Ours: a node, its 100 successors and a `join_k` behind them. Baseline: 100 tasks, each with a queue of its
own, and one queue that collects.
"""

from __future__ import annotations

import asyncio

from cpu import Stopwatch, Work, medians
from options import Options
from pipelines import MAXSIZE, UNTYPED, RawQueue, new_messages, plain_stage, raw_stages, same
from rows import Limit, Row, main

from penguiflow import Node, create
from penguiflow.patterns import join_k

WIDTH = 100


def raw_work(rounds: int) -> Work:
    async def work() -> float:
        branches: list[RawQueue] = [asyncio.Queue(MAXSIZE) for _ in range(WIDTH)]
        joined: RawQueue = asyncio.Queue(MAXSIZE)
        async with raw_stages(*((plain_stage, branch, joined) for branch in branches)):
            with Stopwatch() as watch:
                for _ in range(rounds):
                    for branch in branches:
                        await branch.put(1)
                    for _ in branches:
                        await joined.get()
        return watch.seconds

    return work


def our_work(rounds: int) -> Work:
    async def work() -> float:
        source = Node(same, name="source", policy=UNTYPED)
        branches = [Node(same, name=f"branch{number}", policy=UNTYPED) for number in range(WIDTH)]
        join = join_k("join", WIDTH)
        flow = create(source.to(*branches), *(branch.to(join) for branch in branches), join.to())
        flow.run()
        with Stopwatch() as watch:
            for message in new_messages(rounds):
                await flow.emit(message)
                joined = await flow.fetch()
                assert len(joined.payload) == WIDTH
        await flow.stop()
        return watch.seconds

    return work


def measure(options: Options) -> list[Row]:
    rounds = options.count(100)
    seconds = medians({"raw": raw_work(rounds), "ours": our_work(rounds)}, options)
    return [
        Row(
            name=f"fan-out to {WIDTH} and join",
            unit="us",
            measured=seconds["ours"] / rounds * 1e6,
            baseline=seconds["raw"] / rounds * 1e6,
            limit=Limit(of="ratio", required=2.5, aim=1.5),
        )
    ]


if __name__ == "__main__":
    main(measure, __doc__)
