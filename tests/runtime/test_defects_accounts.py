"""What a trace leaves behind when callers and nodes give up: nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow import WM, Context, FinalAnswer, Message, Node, NodePolicy, create
from penguiflow._runtime.trace import Trace
from tests.fakes.flows import Gate, Recorder, chain, message, passes_on, running, settled, untyped


class Nowhere:
    """A place that holds nothing."""

    def remove(self, trace: Trace) -> None:
        raise AssertionError("nothing is cancelled here")


@given(pending=st.integers(0, 50), maxsize=st.integers(-2, 20))
def test_a_trace_may_add_a_chunk_while_its_backlog_is_below_the_bound(pending: int, maxsize: int) -> None:
    trace = Trace("chunks")
    trace.queued.extend([Nowhere()] * pending)
    backlog = max(pending - 1, 0)  # beside the item that is being worked on

    assert trace.admits_chunk(maxsize) == (maxsize <= 0 or backlog < maxsize)


@pytest.mark.parametrize(
    "outcome",
    [FinalAnswer(text="done"), WM(query="q", budget_hops=1), WM(query="q", budget_tokens=5, tokens_used=5)],
    ids=["answer", "hops", "tokens"],
)
@pytest.mark.parametrize("maxsize", [1, 4, 64])
async def test_a_finished_loop_calls_its_node_once_and_reports_one_success(
    outcome: Any, maxsize: int
) -> None:
    calls: list[Any] = []

    async def finishes(msg: Message, ctx: Context) -> Message:
        calls.append(msg)
        return msg.model_copy(update={"payload": outcome})

    node = Node(finishes, name="finishes", allow_cycle=True, policy=NodePolicy(validate="none"))
    recorder = Recorder()
    async with running(create(node.to(node), queue_maxsize=maxsize, middlewares=[recorder])) as flow:
        for number in range(1, 4):
            await flow.emit(message(WM(query="q")))
            assert isinstance((await flow.fetch()).payload, FinalAnswer)
            await settled()
            assert len(calls) == number
            assert recorder.kinds("finishes") == ["node_start", "node_success"] * number
            assert len(flow.services.traces) == 0


@pytest.mark.parametrize("edges", [2, 100])
async def test_fetching_over_several_edges_starts_no_task(edges: int) -> None:
    sources = [untyped(passes_on, f"s{n}") for n in range(edges)]
    async with running(create(*(source.to() for source in sources))) as flow:
        before = asyncio.all_tasks()
        fetching = asyncio.create_task(flow.fetch_any(sources))
        await settled()
        assert asyncio.all_tasks() == before | {fetching}
        fetching.cancel()
        await settled()
        assert asyncio.all_tasks() == before


async def test_a_node_that_is_cancelled_while_it_fetches_loses_nothing() -> None:
    taken: list[Any] = []

    async def collects(msg: Message, ctx: Context) -> None:
        taken.append(msg.payload)
        if msg.payload == "impatient":
            for _ in range(3):
                try:
                    taken.append((await asyncio.wait_for(ctx.fetch(), 1)).payload)
                except TimeoutError:
                    continue

    left, right = untyped(passes_on, "left"), untyped(passes_on, "right")
    join = untyped(collects, "join")
    async with running(create(left.to(join), right.to(join))) as flow:
        await flow.emit(message("impatient"), to=left)
        await asyncio.sleep(10)
        await flow.emit(message("first"), to=right)
        await flow.emit(message("second"), to=left)
        await settled()

        assert sorted(taken) == ["first", "impatient", "second"]


async def test_a_refused_emit_leaves_no_trace_behind() -> None:
    gate = Gate()
    async with running(chain(untyped(gate.wait, "gate"), queue_maxsize=1)) as flow:
        await flow.emit(message("held"))
        await settled()
        flow.emit_nowait(message("queued"))
        refused = message("refused")
        with pytest.raises(asyncio.QueueFull):
            flow.emit_nowait(refused)

        assert await flow.cancel(refused.trace_id) is False
        assert len(flow.services.traces) == 2


async def test_a_node_that_is_cancelled_while_it_emits_leaves_nothing_pending() -> None:
    gate = Gate()

    async def emits_twice(msg: Message, ctx: Context) -> None:
        await ctx.emit(msg)
        await ctx.emit(msg)

    recorder = Recorder()
    flow = chain(
        untyped(emits_twice, "emits"), untyped(gate.wait, "gate"), queue_maxsize=1, middlewares=[recorder]
    )
    async with running(flow):
        for number in range(3):
            await flow.emit(message(number))
        await settled()
        blocked = next(event for event in reversed(recorder.events) if event.node_name == "emits")
        assert blocked.event_type == "node_start"
        assert blocked.trace_id is not None
        assert await flow.cancel(blocked.trace_id)
        gate.opened.set()
        await settled()

        assert await flow.cancel(blocked.trace_id) is False
        finished = [event.trace_id for event in recorder.of("trace_cancel_finish")]
        assert finished == [blocked.trace_id]


async def test_a_node_that_times_out_while_it_emits_leaves_nothing_pending() -> None:
    gate = Gate()

    async def emits_twice(msg: Message, ctx: Context) -> None:
        await ctx.emit(msg)
        await ctx.emit(msg)
        await ctx.emit(msg)

    flow = chain(untyped(emits_twice, "emits", timeout_s=1.0), untyped(gate.wait, "gate"), queue_maxsize=1)
    async with running(flow):
        await flow.emit(message())
        await asyncio.sleep(5)
        gate.opened.set()
        for _ in range(2):
            await flow.fetch()

        assert len(flow.services.traces) == 0


async def test_a_stop_forgets_open_streams_and_shown_iterations() -> None:
    async def controls(msg: Message, ctx: Context) -> Message:
        await asyncio.sleep(1)
        return msg

    node = Node(controls, name="controls", allow_cycle=True, policy=NodePolicy(validate="none"))
    flow = create(node.to(node))
    loop = message(WM(query="q", budget_hops=None), trace_id="loop")
    flow.run()
    await flow.emit(loop)
    shown = await flow.fetch()
    assert (await flow.emit_chunk(parent=message(), text="a", stream_id="s")).seq == 0
    await flow.stop()

    flow.run()
    assert (await flow.emit_chunk(parent=message(), text="b", stream_id="s", to=[])).seq == 0
    await flow.emit(shown)  # nobody has shown it in this run, so it is no echo
    assert (await flow.fetch()).payload.hops == shown.payload.hops + 1
    await flow.stop()
