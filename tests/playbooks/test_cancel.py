"""Cancelling reaches into a playbook, and the playbook has stopped before its caller goes on."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from penguiflow import Context, Message, PenguiFlow, TraceCancelled
from penguiflow.core import call_playbook
from tests.fakes.flows import Gate, chain, message, passes_on, running, settled, untyped
from tests.fakes.playbooks import Playbook, calling, nothing_left


async def cleans_up() -> None:
    """Takes two seconds, whoever is in a hurry."""
    now = asyncio.get_running_loop().time
    end = now() + 2
    while now() < end:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(end - now())


async def test_cancelling_a_trace_reaches_into_the_playbook() -> None:
    gate, caller_gate = Gate(), Gate()
    playbook = Playbook(untyped(gate.wait, "gate"))
    flow = chain(calling(playbook), untyped(caller_gate.wait, "after"))
    async with nothing_left(playbook), running(flow):
        sent = message()
        await flow.emit(sent)
        await settled()
        assert await flow.cancel(sent.trace_id)
        await settled()

        assert gate.cancelled == [sent]
        assert caller_gate.inside == []
        assert not await flow.cancel(sent.trace_id)

    assert playbook.events.kinds()[:2] == ["node_start", "trace_cancel_start"]


async def test_cancelling_a_trace_leaves_the_playbooks_of_others_alone() -> None:
    gate = Gate()
    playbook = Playbook(untyped(gate.wait, "gate"))
    flow = chain(calling(playbook, name="a"))
    async with nothing_left(playbook), running(flow):
        doomed, spared = message("doomed"), message("spared")
        await flow.emit(doomed)
        await settled()
        async with asyncio.TaskGroup() as group:
            other = group.create_task(call_playbook(playbook, spared, runtime=flow))
            await settled()
            await flow.cancel(doomed.trace_id)
            await settled()
            gate.opened.set()

        assert other.result() == "spared"
        assert gate.cancelled == [doomed]


async def test_a_call_in_a_task_of_its_own_learns_that_the_trace_was_cancelled() -> None:
    gate, parked = Gate(cleans_up), Gate()
    playbook = Playbook(untyped(gate.wait, "gate"))
    async with nothing_left(playbook), running(chain(untyped(parked.wait, "parked"))) as flow:
        sent = message()
        await flow.emit(sent)
        call = asyncio.create_task(call_playbook(playbook, sent, runtime=flow))
        await settled()
        await flow.cancel(sent.trace_id)

        with pytest.raises(TraceCancelled, match=sent.trace_id):
            await call
        assert gate.cancelled == [sent]
        await playbook.assert_stopped()


async def test_a_cancelled_trace_starts_no_playbook() -> None:
    playbook = Playbook(untyped(passes_on, "a"))
    refused: list[TraceCancelled] = []

    async def insists(msg: Message, ctx: Context) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            with pytest.raises(TraceCancelled) as caught:
                await ctx.call_playbook(playbook, msg)
            refused.append(caught.value)

    async with nothing_left(playbook), running(chain(untyped(insists, "insists"))) as flow:
        sent = message()
        await flow.emit(sent)
        await settled()
        await flow.cancel(sent.trace_id)
        await settled()

    assert [error.trace_id for error in refused] == [sent.trace_id]
    assert playbook.flows == []


@pytest.mark.parametrize("item", ["bare", message()])
@pytest.mark.parametrize("times", [1, 5])
async def test_a_cancelled_caller_goes_on_after_the_playbook_has_stopped(times: int, item: Any) -> None:
    gate = Gate(cleans_up)
    playbook = Playbook(untyped(gate.wait, "gate"))
    async with nothing_left(playbook):
        call = asyncio.create_task(call_playbook(playbook, item))
        await settled()
        for _ in range(times):
            call.cancel()
            await asyncio.sleep(0.2)
        assert not call.done()

        with pytest.raises(asyncio.CancelledError):
            await call
        assert len(gate.cancelled) == 1
        await playbook.assert_stopped()
    assert playbook.events.kinds("OpenSea") == ([] if item == "bare" else ["trace_cancel_start"])


async def test_a_bare_item_belongs_to_the_trace_that_its_caller_works_for() -> None:
    gate = Gate()
    playbook = Playbook(untyped(gate.wait, "gate"))
    problems: list[BaseException] = []

    async def calls_in_a_task(msg: Message, ctx: Context) -> None:
        call = asyncio.create_task(ctx.call_playbook(playbook, msg.payload))
        call.add_done_callback(lambda done: problems.extend(filter(None, [done.exception()])))
        with suppress(asyncio.CancelledError):
            await asyncio.shield(call)

    async with nothing_left(playbook), running(chain(untyped(calls_in_a_task, "calls"))) as flow:
        sent = message()
        await flow.emit(sent)
        await settled()
        await flow.cancel(sent.trace_id)
        await settled()

    assert [type(problem) for problem in problems] == [TraceCancelled]


async def test_a_bare_item_is_cancelled_with_its_caller() -> None:
    gate = Gate()
    playbook = Playbook(untyped(gate.wait, "gate"))
    async with nothing_left(playbook):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await call_playbook(playbook, "bare")

    assert gate.cancelled == ["bare"]


async def test_a_cancellation_reaches_the_playbook_of_a_playbook() -> None:
    gate = Gate()
    inner = Playbook(untyped(gate.wait, "gate"))
    outer = Playbook(calling(inner, name="middle"))
    async with nothing_left(inner, outer), running(chain(calling(outer))) as flow:
        sent = message()
        await flow.emit(sent)
        await settled()
        await flow.cancel(sent.trace_id)
        await settled()

        assert gate.cancelled == [sent]


async def test_stopping_a_flow_stops_the_playbooks_that_it_called() -> None:
    gate = Gate()
    playbook = Playbook(untyped(gate.wait, "gate"))
    async with nothing_left(playbook):
        async with running(chain(calling(playbook))) as flow:
            await flow.emit(message())
            await settled()
        assert len(gate.cancelled) == 1
        await playbook.assert_stopped()


async def test_a_playbook_that_cancels_its_own_trace_ends_the_call() -> None:
    async def gives_up(msg: Message, ctx: Context) -> None:
        assert isinstance(ctx.runtime, PenguiFlow)
        await ctx.runtime.cancel(msg.trace_id)

    playbook = Playbook(untyped(gives_up, "gives_up"))
    async with nothing_left(playbook):
        with pytest.raises(TraceCancelled):
            await call_playbook(playbook, message())


async def test_an_interrupted_call_with_a_bare_item_leaves_the_trace_of_its_caller_alone() -> None:
    playbook = Playbook(untyped(Gate().wait, "gate"))

    async def loses_patience(msg: Message, ctx: Context) -> str:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ctx.call_playbook(playbook, msg.payload), 1)
        return "went on"

    async with nothing_left(playbook), running(chain(untyped(loses_patience, "impatient"))) as flow:
        await flow.emit(message())

        assert await flow.fetch() == "went on"
