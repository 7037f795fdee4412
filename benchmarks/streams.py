"""How many chunks of streamed text a second of CPU time carries from a node to the caller.

    python benchmarks/streams.py [--quick] [--loop uvloop]

Baseline: a task that puts a number and a text into a bare queue.
"""

from __future__ import annotations

import asyncio

from cpu import Stopwatch, Work, medians
from options import Options
from pipelines import MAXSIZE, UNTYPED, RawQueue, new_messages
from rows import Limit, Row, main

from penguiflow import Context, Message, Node, create


def raw_work(chunks: int) -> Work:
    async def work() -> float:
        queue: RawQueue = asyncio.Queue(MAXSIZE)

        async def speak() -> None:
            for number in range(chunks):
                await queue.put((number, "tok"))

        with Stopwatch() as watch:
            speaker = asyncio.create_task(speak())
            for expected in range(chunks):
                number, _ = await queue.get()
                assert number == expected
            await speaker
        return watch.seconds

    return work


def our_work(chunks: int) -> Work:
    async def speak(message: Message, ctx: Context) -> None:
        for number in range(chunks):
            await ctx.emit_chunk(parent=message, text="tok", done=number == chunks - 1)

    async def work() -> float:
        flow = create(Node(speak, name="speaker", policy=UNTYPED).to())
        flow.run()
        (message,) = new_messages(1)
        with Stopwatch() as watch:
            await flow.emit(message)
            for expected in range(chunks):
                chunk = (await flow.fetch()).payload
                assert chunk.seq == expected
        await flow.stop()
        return watch.seconds

    return work


def measure(options: Options) -> list[Row]:
    chunks = options.count(10_000)
    seconds = medians({"raw": raw_work(chunks), "ours": our_work(chunks)}, options)
    return [
        Row(
            name="streamed chunks per second of CPU",
            unit="million",
            measured=chunks / seconds["ours"] / 1e6,
            baseline=chunks / seconds["raw"] / 1e6,
            limit=Limit(of="at least", required=0.4, aim=0.7),
        )
    ]


if __name__ == "__main__":
    main(measure, __doc__)
