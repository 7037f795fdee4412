"""Many streams of one flow under any schedule: none gets a piece of another."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from penguiflow import Context, Message, PenguiFlow
from penguiflow.streaming import stream_flow
from tests.fakes.flows import chain, message, passes_on, running, untyped
from tests.fakes.virtual_time import run_virtually

CHUNKS = 4


async def speaks(msg: Message, ctx: Context) -> str:
    for number in range(CHUNKS):
        await ctx.emit_chunk(parent=msg, text=f"{msg.payload} {number}", done=number == CHUNKS - 1)
        await asyncio.sleep(0.01 * (number % 2))
    return f"{msg.payload} whole"  # bare: it belongs to the trace that it was made from


async def read(flow: PenguiFlow, sent: Message) -> list[str]:
    stream = stream_flow(flow, sent, include_final=True)
    return [item if isinstance(item, str) else item.text async for item in stream]


async def check(readers: int, maxsize: int, seats: int) -> None:
    flow = chain(
        untyped(speaks, "speaks", max_concurrency=seats), untyped(passes_on, "out"), queue_maxsize=maxsize
    )
    async with running(flow):
        got = await asyncio.gather(*(read(flow, message(str(number))) for number in range(readers)))

    for number, texts in enumerate(got):
        assert texts == [*(f"{number} {part}" for part in range(CHUNKS)), f"{number} whole"]


@settings(max_examples=200, deadline=None)
@given(
    readers=st.integers(1, 8),
    maxsize=st.integers(0, 3),
    seats=st.integers(1, 3),
    seed=st.integers(0, 2**32),
    eager=st.booleans(),
)
def test_no_schedule_mixes_streams(readers: int, maxsize: int, seats: int, seed: int, eager: bool) -> None:
    run_virtually(check(readers, maxsize, seats), seed=seed, eager=eager)
