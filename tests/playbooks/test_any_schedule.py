"""Playbooks that end in any way, at any moment, under any schedule.

However a call ends, at that very moment its flow has stopped, none of its nodes runs, and no task of it
is left.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from penguiflow import Context, FlowError, Message, PenguiFlow, TraceCancelled
from penguiflow.core import call_playbook
from tests.fakes.flows import chain, message, settled, untyped
from tests.fakes.playbooks import Playbook
from tests.fakes.virtual_time import run_virtually

Behaviour = Literal["pass", "slow", "fail", "fail slowly", "never", "swallow", "clean up", "call another"]
Ending = Literal["none", "cancel the caller", "cancel twice", "cancel the trace", "stop the caller's flow"]

BEHAVIOURS: tuple[Behaviour, ...] = (
    "pass",
    "slow",
    "fail",
    "fail slowly",
    "never",
    "swallow",
    "clean up",
    "call another",
)
ENDINGS: tuple[Ending, ...] = (
    "none",
    "cancel the caller",
    "cancel twice",
    "cancel the trace",
    "stop the caller's flow",
)
PATIENCE = 30.0
"""Bounds calls of nodes that never answer."""


@dataclass
class World:
    """The nodes that run, and what each call ended with."""

    inside: int = 0
    playbooks: list[Playbook] = field(default_factory=list)
    ends: list[object] = field(default_factory=list)

    def playbook(self, behaviour: Behaviour, maxsize: int) -> Playbook:
        async def work(msg: Message, ctx: Context) -> Message:
            async with self._counted():
                await self._do(behaviour, msg, ctx, maxsize)
            return msg

        node = untyped(work, "work", max_retries=1, backoff_base=0.1)
        self.playbooks.append(Playbook(node, untyped(hold, "hold"), queue_maxsize=maxsize))
        return self.playbooks[-1]

    async def call(
        self, playbook: Playbook, sent: Message, parent: PenguiFlow | None, patience: float
    ) -> object:
        """Call, and look around at the moment the call has ended."""
        try:
            end = await call_playbook(playbook, sent, patience, runtime=parent)
        except (FlowError, TraceCancelled, TimeoutError, asyncio.CancelledError) as exc:
            end = exc
        self.ends.append(end)
        assert self.inside == 0, "a node of the playbook still runs"
        await playbook.assert_stopped()
        if isinstance(end, asyncio.CancelledError):
            raise end
        return end

    @asynccontextmanager
    async def _counted(self) -> AsyncIterator[None]:
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1

    async def _do(self, behaviour: Behaviour, msg: Message, ctx: Context, maxsize: int) -> None:
        match behaviour:
            case "slow":
                await asyncio.sleep(0.5)
            case "fail" | "fail slowly":
                await asyncio.sleep(0 if behaviour == "fail" else 0.5)
                raise ValueError(behaviour)
            case "never":
                await asyncio.sleep(1e6)
            case "swallow":
                with suppress(asyncio.CancelledError):
                    await asyncio.sleep(0.5)
            case "clean up":
                try:
                    await asyncio.sleep(1e6)
                finally:
                    await asyncio.sleep(0.3)
            case "call another":
                await ctx.call_playbook(self.playbook("slow", maxsize), msg)
            case _:
                pass


async def hold(msg: Any, ctx: Any) -> Any:
    await asyncio.sleep(0)
    return msg


async def park(msg: Any, ctx: Any) -> None:
    await asyncio.sleep(1e6)


async def end_it(ending: Ending, call: asyncio.Task[object], parent: PenguiFlow, trace_id: str) -> None:
    match ending:
        case "cancel the caller":
            call.cancel()
        case "cancel twice":
            call.cancel()
            await asyncio.sleep(0.1)
            call.cancel()
        case "cancel the trace":
            await parent.cancel(trace_id)
        case "stop the caller's flow":
            await parent.stop()
        case _:
            pass


async def check(behaviour: Behaviour, ending: Ending, delay: float, patience: float, maxsize: int) -> None:
    world = World()
    tasks = asyncio.all_tasks()
    parent = chain(untyped(park, "park"))
    parent.run()
    sent = message()
    await parent.emit(sent)
    playbook = world.playbook(behaviour, maxsize)
    call = asyncio.create_task(world.call(playbook, sent, parent, patience))
    await asyncio.sleep(delay)
    await end_it(ending, call, parent, sent.trace_id)
    await asyncio.wait([call])
    await parent.stop()
    await settled()

    assert asyncio.all_tasks() == tasks
    assert len(world.ends) <= 1  # none, if the caller was cancelled before it began
    for each in world.playbooks:
        await each.assert_stopped()
    judge(call, behaviour, ending)


def judge(call: asyncio.Task[object], behaviour: Behaviour, ending: Ending) -> None:
    """See that the call ended for a reason that was there."""
    if call.cancelled():
        assert ending in ("cancel the caller", "cancel twice")
        return
    match call.result():
        case FlowError():
            assert behaviour in ("fail", "fail slowly")
        case TraceCancelled():
            assert ending == "cancel the trace"
        case TimeoutError():
            pass
        case _:
            assert behaviour in ("pass", "slow", "swallow", "call another")


@settings(max_examples=500, deadline=None)
@given(
    behaviour=st.sampled_from(BEHAVIOURS),
    ending=st.sampled_from(ENDINGS),
    delay=st.sampled_from([0.0, 0.0, 0.05, 0.1, 0.5, 0.6, 2.0]),
    patience=st.sampled_from([0.0, 0.1, 0.5, PATIENCE, PATIENCE]),
    maxsize=st.integers(0, 2),
    seed=st.integers(0, 2**32),
    eager=st.booleans(),
)
def test_no_way_to_end_leaves_anything_of_the_playbook(
    behaviour: Behaviour,
    ending: Ending,
    delay: float,
    patience: float,
    maxsize: int,
    seed: int,
    eager: bool,
) -> None:
    run_virtually(check(behaviour, ending, delay, patience, maxsize), seed=seed, eager=eager)
