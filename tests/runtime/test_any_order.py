"""Callers, cancellations, failures and stops in any order and under any schedule.

Whatever happens: nothing is lost, nothing comes twice, the order per edge is kept, every account
returns to zero and no task is left.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from penguiflow import Context, FlowError, FlowStopped, Message, PenguiFlow, StreamChunk
from tests.fakes.flows import chain, message, settled, untyped
from tests.fakes.virtual_time import run_virtually

Behaviour = Literal["pass", "slow", "fail once", "fail", "time out", "stream", "swallow", "insist"]
Step = tuple[Literal["emit", "impatient emit", "fetch", "cancel", "wait"], int]

BEHAVIOURS: tuple[Behaviour, ...] = (
    "pass",
    "slow",
    "fail once",
    "fail",
    "time out",
    "stream",
    "swallow",
    "insist",
)
CHUNKS = 3


async def at_once(msg: Message, ctx: Context) -> None:
    """Does nothing."""


async def slowly(msg: Message, ctx: Context) -> None:
    await asyncio.sleep(0.5)


async def too_slowly(msg: Message, ctx: Context) -> None:
    await asyncio.sleep(60)


async def stream(msg: Message, ctx: Context) -> None:
    for number in range(CHUNKS):
        await ctx.emit_chunk(parent=msg, text=str(number), done=number == CHUNKS - 1)


async def swallow(msg: Message, ctx: Context) -> None:
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(0.1)


async def insist(msg: Message, ctx: Context) -> None:
    try:
        await asyncio.sleep(0.1)
    except asyncio.CancelledError:
        await ctx.emit(msg)
        raise


DEEDS = {"slow": slowly, "time out": too_slowly, "stream": stream, "swallow": swallow, "insist": insist}


@dataclass
class World:
    """What was asked of the flow and what came back."""

    sent: list[str] = field(default_factory=list)
    behaviours: dict[str, Behaviour] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    results: Counter[str] = field(default_factory=Counter)
    started: list[str] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    chunks: dict[str, list[int]] = field(default_factory=dict)
    attempts: Counter[str] = field(default_factory=Counter)

    async def work(self, msg: Message, ctx: Context) -> Message:
        """The first node: does to each message what was drawn for it."""
        self.attempts[msg.trace_id] += 1
        if self.attempts[msg.trace_id] == 1:
            self.started.append(msg.trace_id)
        behaviour = self.behaviours[msg.trace_id]
        if behaviour == "fail" or (behaviour == "fail once" and self.attempts[msg.trace_id] == 1):
            raise ValueError(behaviour)
        await DEEDS.get(behaviour, at_once)(msg, ctx)
        return msg

    def note(self, out: Any) -> None:
        if isinstance(out, Message) and isinstance(out.payload, StreamChunk):
            self.chunks.setdefault(out.trace_id, []).append(out.payload.seq)
            return
        assert isinstance(out, FlowError) == (self.behaviours[out.trace_id] in ("fail", "time out"))
        self.results[out.trace_id] += 1
        self.order.append(out.trace_id)


async def hold(msg: Any, ctx: Any) -> Any:
    await asyncio.sleep(0)
    return msg


def build(world: World, maxsize: int) -> PenguiFlow:
    first = untyped(world.work, "work", max_retries=1, backoff_base=0.2, timeout_s=5.0)
    return chain(first, untyped(hold, "hold"), queue_maxsize=maxsize, emit_errors_to_rookery=True)


async def emit(flow: PenguiFlow, world: World, behaviour: Behaviour, patience: float) -> None:
    sent = message()
    world.behaviours[sent.trace_id] = behaviour
    try:
        async with asyncio.timeout(patience):
            await flow.emit(sent)
    except (TimeoutError, FlowStopped):
        return
    world.sent.append(sent.trace_id)


async def fetch(flow: PenguiFlow, world: World, patience: float) -> None:
    try:
        async with asyncio.timeout(patience):
            world.note(await flow.fetch())
    except (TimeoutError, FlowStopped):
        return


async def drive(flow: PenguiFlow, world: World, plan: list[Step], *, drain: bool) -> None:
    """Follow the plan, then fetch until nothing is left, or stop in the midst of it."""
    callers: set[asyncio.Task[None]] = set()
    for kind, number in plan:
        match kind:
            case "emit" | "impatient emit":
                patience = 1e6 if kind == "emit" else 0.05
                behaviour = BEHAVIOURS[number % len(BEHAVIOURS)]
                callers.add(asyncio.create_task(emit(flow, world, behaviour, patience)))
            case "fetch":
                callers.add(asyncio.create_task(fetch(flow, world, number / 10)))
            case "cancel" if world.sent:
                victim = world.sent[number % len(world.sent)]
                if await flow.cancel(victim):
                    world.cancelled.add(victim)
            case "wait":
                await asyncio.sleep(number / 10)
            case _:
                pass
        await asyncio.sleep(0)
    while drain and (any(not caller.done() for caller in callers) or len(flow.services.traces)):
        await fetch(flow, world, 20)
    await flow.stop()
    await asyncio.gather(*callers)


async def check(plan: list[Step], maxsize: int, *, drain: bool) -> None:
    world = World()
    flow = build(world, maxsize)
    tasks = asyncio.all_tasks()
    flow.run()
    await drive(flow, world, plan, drain=drain)
    await settled()

    assert asyncio.all_tasks() == tasks
    assert len(flow.services.traces) == 0
    assert len(flow.services.streams) == 0
    assert all(count == 1 for count in world.results.values()), "something came twice"
    assert not {t for t in world.results if t in world.cancelled}, "a cancelled trace answered"
    for trace_id, numbers in world.chunks.items():
        assert numbers == list(range(len(numbers))), f"chunks of {trace_id} out of order"
    passed = [t for t in world.order if world.behaviours[t] not in ("fail", "time out")]
    assert passed == [t for t in world.started if t in passed], "the order was not kept"
    if drain:
        missing = set(world.sent) - set(world.results) - world.cancelled
        assert not missing, "something was lost"


@settings(max_examples=400, deadline=None)
@given(
    plan=st.lists(
        st.tuples(
            st.sampled_from(["emit", "emit", "impatient emit", "fetch", "fetch", "cancel", "wait"]),
            st.integers(0, 20),
        ),
        min_size=8,
        max_size=60,
    ),
    maxsize=st.integers(1, 4),
    seed=st.integers(0, 2**32),
    eager=st.booleans(),
    drain=st.booleans(),
)
def test_no_order_of_events_loses_repeats_or_leaks_anything(
    plan: list[Step], maxsize: int, seed: int, eager: bool, drain: bool
) -> None:
    run_virtually(check(plan, maxsize, drain=drain), seed=seed, eager=eager)
