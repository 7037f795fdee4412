"""The flow under soak: one branch per kind of behaviour, and jobs that say how to behave.

The nodes decide nothing by themselves, so a seed fixes what each job does; only the order in which the
event loop runs them is left to chance.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from random import Random
from typing import Literal, TypeAlias, get_args

from penguiflow import WM, Context, FinalAnswer, Headers, Message, Node, NodePolicy, PenguiFlow, create
from penguiflow.patterns import join_k

Kind: TypeAlias = Literal["plain", "join", "slow", "retry", "fail", "time out", "stream", "loop"]

HEADERS = Headers(tenant="soak")
PARTS = 4
QUEUE_MAXSIZE = 256
_SHARES: dict[Kind, int] = {
    "plain": 30,
    "join": 15,
    "slow": 15,
    "retry": 10,
    "fail": 10,
    "time out": 5,
    "stream": 10,
    "loop": 5,
}


@dataclass(slots=True, kw_only=True)
class Job:
    """A payload; the node that retries counts `failures_left` down."""

    kind: Kind
    pause_s: float
    chunks: int
    rounds: int
    failures_left: int


def new_job(random: Random) -> Job:
    """Draw a job."""
    (kind,) = random.choices(get_args(Kind), [_SHARES[kind] for kind in get_args(Kind)])
    return Job(
        kind=kind,
        pause_s=random.choice((0.0, 0.001, 0.02)),
        chunks=random.randint(1, 12),
        rounds=random.randint(1, 20),
        failures_left=random.randint(1, 2),
    )


async def passes(message: Message, ctx: Context) -> Message:
    return message


async def pauses(message: Message, ctx: Context) -> Message:
    await asyncio.sleep(message.payload.pause_s)
    return message


async def fails_at_first(message: Message, ctx: Context) -> Message:
    await asyncio.sleep(message.payload.pause_s)
    if message.payload.failures_left:
        message.payload.failures_left -= 1
        raise RuntimeError("not yet")
    return message


async def fails(message: Message, ctx: Context) -> Message:
    await asyncio.sleep(message.payload.pause_s)
    raise RuntimeError("never")


async def hangs(message: Message, ctx: Context) -> Message:
    await asyncio.sleep(3600)
    return message


async def speaks(message: Message, ctx: Context) -> Message:
    last = message.payload.chunks - 1
    for number in range(last + 1):
        await ctx.emit_chunk(parent=message, text="tok", done=number == last)
    return message


async def begins_loop(message: Message, ctx: Context) -> Message:
    memory = WM(query="q", facts=[message.payload.rounds], budget_hops=1000)
    return message.model_copy(update={"payload": memory})


async def thinks(message: Message, ctx: Context) -> Message:
    if message.payload.hops < message.payload.facts[0]:
        return message
    return message.model_copy(update={"payload": FinalAnswer(text="done")})


def untyped(*, max_concurrency: int = 1, max_retries: int = 0, timeout_s: float | None = None) -> NodePolicy:
    return NodePolicy(
        validate="none",
        max_concurrency=max_concurrency,
        max_retries=max_retries,
        timeout_s=timeout_s,
        backoff_base=0.002,
    )


def build() -> PenguiFlow:
    """Return the flow; errors come out at its end like results."""
    plain = Node(passes, name="plain", policy=untyped())
    slow = Node(pauses, name="slow", policy=untyped(max_concurrency=32))
    retry = Node(fails_at_first, name="retry", policy=untyped(max_retries=2, max_concurrency=16))
    fail = Node(fails, name="fail", policy=untyped(max_retries=1, max_concurrency=16))
    stuck = Node(hangs, name="stuck", policy=untyped(timeout_s=0.02, max_concurrency=16))
    speaker = Node(speaks, name="speaker", policy=untyped())
    thinker = Node(begins_loop, name="thinker", policy=untyped())
    controller = Node(thinks, name="controller", policy=untyped(), allow_cycle=True)
    spread = Node(passes, name="spread", policy=untyped())
    parts = [Node(pauses, name=f"part{n}", policy=untyped(max_concurrency=4 + 8 * n)) for n in range(PARTS)]
    join = join_k("join", PARTS)
    ways: dict[Kind, Node] = {
        "plain": plain,
        "join": spread,
        "slow": slow,
        "retry": retry,
        "fail": fail,
        "time out": stuck,
        "stream": speaker,
        "loop": thinker,
    }

    async def sort(message: Message, ctx: Context) -> None:
        await ctx.emit(message, to=ways[message.payload.kind])

    sorter = Node(sort, name="sorter", policy=untyped())
    ends = [way.to() for way in (plain, slow, retry, fail, stuck, speaker)]
    return create(
        sorter.to(*ways.values()),
        spread.to(*parts),
        *(part.to(join) for part in parts),
        thinker.to(controller),
        controller.to(controller),
        *ends,
        join.to(),
        queue_maxsize=QUEUE_MAXSIZE,
        emit_errors_to_rookery=True,
    )
