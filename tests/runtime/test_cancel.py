"""Ending one trace while all others go on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from penguiflow import FlowEvent, Message, create
from tests.fakes.flows import Gate, Recorder, chain, message, passes_on, running, settled, untyped


async def test_a_working_node_sees_cancelled_error_and_goes_on_with_the_next_trace() -> None:
    gate, recorder = Gate(), Recorder()
    async with running(chain(untyped(gate.wait, "gate"), middlewares=[recorder])) as flow:
        victim, other = message("victim"), message("other")
        await flow.emit(victim)
        await flow.emit(other)
        await settled()
        recorder.events.clear()

        assert await flow.cancel(victim.trace_id) is True
        await settled()
        assert gate.cancelled == [victim]
        assert recorder.kinds()[:3] == ["trace_cancel_start", "node_trace_cancelled", "trace_cancel_finish"]
        gate.opened.set()
        assert (await flow.fetch()).payload == "other"


async def test_the_events_of_a_cancel_tell_the_state_of_the_trace() -> None:
    gate, recorder = Gate(), Recorder()
    async with running(chain(untyped(gate.wait, "gate"), middlewares=[recorder])) as flow:
        victim = message()
        await flow.emit(victim)
        await flow.emit(victim)
        await settled()
        await flow.cancel(victim.trace_id)
        await settled()

        start, finish = recorder.of("trace_cancel_start")[0], recorder.of("trace_cancel_finish")[0]
        assert (start.node_name, start.node_id, start.extra["pending"]) == ("OpenSea", "OpenSea", 2)
        assert (start.trace_pending, start.trace_inflight, start.trace_cancelled) == (2, 1, True)
        assert (finish.node_name, finish.trace_id) == ("Rookery", victim.trace_id)
        assert (finish.trace_pending, finish.trace_inflight, finish.trace_cancelled) == (0, 0, False)


async def test_an_unknown_or_finished_trace_cannot_be_cancelled() -> None:
    async with running(chain(untyped(passes_on, "a"))) as flow:
        done = message()
        await flow.emit(done)
        await flow.fetch()

        assert await flow.cancel(done.trace_id) is False
        assert await flow.cancel("unknown") is False


async def test_a_trace_can_be_cancelled_once_while_it_winds_down() -> None:
    gate, recorder = Gate(on_cancel=lambda: asyncio.sleep(1)), Recorder()
    async with running(chain(untyped(gate.wait, "gate"), middlewares=[recorder])) as flow:
        victim = message()
        await flow.emit(victim)
        await settled()

        assert await flow.cancel(victim.trace_id) is True
        await settled()
        assert await flow.cancel(victim.trace_id) is True
        await asyncio.sleep(2)
        assert await flow.cancel(victim.trace_id) is False
        assert len(recorder.of("trace_cancel_start")) == len(recorder.of("trace_cancel_finish")) == 1


async def test_what_is_only_queued_is_gone_before_cancel_returns() -> None:
    gate, recorder = Gate(), Recorder()
    async with running(chain(untyped(gate.wait, "gate"), middlewares=[recorder])) as flow:
        victim = message()
        await flow.emit("busy")
        await settled()
        await flow.emit(victim)
        await flow.cancel(victim.trace_id)

        assert recorder.kinds()[-2:] == ["trace_cancel_start", "trace_cancel_finish"]
        assert len(flow.services.traces) == 0


async def test_results_that_nobody_fetched_are_dropped_too() -> None:
    async with running(chain(untyped(passes_on, "a"))) as flow:
        victim, other = message("victim"), message("other")
        await flow.emit(victim)
        await flow.emit(other)
        await settled()
        await flow.cancel(victim.trace_id)

        assert (await flow.fetch()).payload == "other"


async def test_nothing_of_a_cancelled_trace_reaches_the_caller() -> None:
    async def insists(msg: Message, ctx: Any) -> Any:
        try:
            await asyncio.Event().wait()
        finally:
            await ctx.emit(msg)
        return msg

    async with running(chain(untyped(insists, "a"))) as flow:
        victim = message()
        await flow.emit(victim)
        await settled()
        await flow.cancel(victim.trace_id)
        await settled()

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(flow.fetch(), 1)
        assert len(flow.services.traces) == 0


async def test_what_a_cancelled_trace_still_sends_to_a_node_is_dropped_there() -> None:
    async def insists(msg: Message, ctx: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await ctx.emit(msg)

    gate, recorder = Gate(), Recorder()
    flow = chain(untyped(insists, "a"), untyped(gate.wait, "b"), middlewares=[recorder])
    async with running(flow):
        victim = message()
        await flow.emit(victim)
        await settled()
        await flow.cancel(victim.trace_id)
        await settled()

        assert gate.inside == []
        assert recorder.kinds("b") == ["trace_cancel_drop"]
        assert recorder.kinds()[-1] == "trace_cancel_finish"


async def test_a_node_may_cancel_its_own_trace_without_ever_suspending() -> None:
    recorder = Recorder()

    async def gives_up(msg: Message, ctx: Any) -> Message:
        if msg.payload == "victim":
            await flow.cancel(msg.trace_id)
        return msg

    flow = chain(untyped(gives_up, "a"))
    async with running(flow):
        for _ in range(3):
            await flow.emit(message("victim"))
            await flow.emit(message("other"))
            assert (await flow.fetch()).payload == "other"
    flow.add_middleware(recorder)
    async with running(flow):
        await flow.emit(message("victim"))
        await flow.emit(message("other"))

        assert (await flow.fetch()).payload == "other"
        assert "node_trace_cancelled" in recorder.kinds()


async def test_a_node_that_swallows_the_cancellation_has_its_result_dropped() -> None:
    async def swallows(msg: Message, ctx: Any) -> Message:
        if msg.payload == "other":
            return msg
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return msg
        return msg

    async with running(chain(untyped(swallows, "a"))) as flow:
        victim = message("victim")
        await flow.emit(victim)
        await settled()
        await flow.cancel(victim.trace_id)
        await flow.emit(message("other"))

        assert (await flow.fetch()).payload == "other"


async def test_a_back_off_is_interrupted() -> None:
    async def fails(msg: Any, ctx: Any) -> Any:
        if msg.payload == "other":
            return msg
        raise ValueError

    node = untyped(fails, "a", max_retries=3, backoff_base=3600)
    async with running(chain(node)) as flow:
        victim = message("victim")
        await flow.emit(victim)
        await flow.emit(message("other"))
        await settled()
        started = asyncio.get_running_loop().time()
        await flow.cancel(victim.trace_id)

        assert (await flow.fetch()).payload == "other"
        assert asyncio.get_running_loop().time() == started


async def test_a_blocked_delivery_is_interrupted() -> None:
    gate, recorder = Gate(), Recorder()
    flow = chain(untyped(passes_on, "a"), untyped(gate.wait, "gate"), queue_maxsize=1, middlewares=[recorder])
    async with running(flow):
        sent = [message(n) for n in range(3)]
        for each in sent:
            await flow.emit(each)
        await settled()
        await flow.cancel(sent[2].trace_id)
        await settled()

        assert recorder.kinds()[-1] == "trace_cancel_finish"
        assert gate.inside == [sent[0]]
        gate.opened.set()
        assert [(await flow.fetch()).payload for _ in range(2)] == [0, 1]


async def test_a_slow_listener_does_not_delay_the_cancellation() -> None:
    gate = Gate()

    async def slow(event: FlowEvent) -> None:
        if event.event_type == "trace_cancel_start":
            await asyncio.sleep(5)

    async with running(chain(untyped(gate.wait, "gate"), middlewares=[slow])) as flow:
        victim = message()
        await flow.emit(victim)
        await settled()
        cancelling = asyncio.create_task(flow.cancel(victim.trace_id))
        await settled()

        assert gate.cancelled == [victim]
        assert await cancelling is True


async def test_a_listener_is_never_interrupted() -> None:
    finished: list[str] = []

    async def slow(event: FlowEvent) -> None:
        if event.event_type == "node_start":
            await asyncio.sleep(1)
            finished.append(event.trace_id or "")

    gate = Gate()
    async with running(chain(untyped(gate.wait, "gate"), middlewares=[slow])) as flow:
        victim = message()
        await flow.emit(victim)
        await settled()
        await flow.cancel(victim.trace_id)
        await asyncio.sleep(2)

        assert finished == [victim.trace_id]
        assert gate.inside == []
        assert len(flow.services.traces) == 0


async def test_cancelling_after_the_work_is_done_lets_the_success_stand() -> None:
    async def slow(event: FlowEvent) -> None:
        if event.event_type == "node_success":
            await asyncio.sleep(1)

    recorder = Recorder()
    async with running(chain(untyped(passes_on, "a"), middlewares=[slow, recorder])) as flow:
        victim = message()
        await flow.emit(victim)
        await settled()
        await flow.cancel(victim.trace_id)
        await flow.emit(message("next"))

        assert (await flow.fetch()).payload == "next"
        assert "node_trace_cancelled" not in recorder.kinds()


async def test_cancelling_makes_room_for_a_waiting_producer() -> None:
    gate = Gate()
    async with running(chain(untyped(gate.wait, "gate"), queue_maxsize=1)) as flow:
        await flow.emit("busy")
        await settled()
        victim = message()
        await flow.emit(victim)
        waiting = asyncio.create_task(flow.emit("next"))
        await settled()
        assert not waiting.done()
        await flow.cancel(victim.trace_id)

        await waiting


async def test_cancelling_one_of_a_thousand_traces_neither_loses_nor_reorders_the_others() -> None:
    async def yields(msg: Message, ctx: Any) -> Message:
        await asyncio.sleep(0)
        return msg

    async def observes(event: FlowEvent) -> None:
        await asyncio.sleep(0)

    flow = chain(untyped(yields, "a"), untyped(yields, "b"), queue_maxsize=2, middlewares=[observes])
    async with running(flow):
        sent = [message(n) for n in range(1000)]
        victims = {each.trace_id for each in sent[100::50]}

        async def produce() -> None:
            for each in sent:
                await flow.emit(each)

        async def fetch_all() -> list[int]:
            return [(await flow.fetch()).payload for _ in range(1000)]

        producing, fetching = asyncio.create_task(produce()), asyncio.create_task(fetch_all())
        cancelled: set[str] = set()
        while not producing.done():
            for trace_id in victims - cancelled:
                if await flow.cancel(trace_id):
                    cancelled.add(trace_id)
            await asyncio.sleep(0)
        await settled()
        for _ in range(len(cancelled)):
            await flow.emit(message(-1))

        expected = [each.payload for each in sent if each.trace_id not in cancelled]
        assert cancelled
        assert (await fetching)[: len(expected)] == expected


async def test_every_branch_of_a_cancelled_trace_ends() -> None:
    gates = [Gate() for _ in range(3)]
    root = untyped(passes_on, "root")
    branches = [untyped(gate.wait, f"g{n}") for n, gate in enumerate(gates)]
    recorder = Recorder()
    async with running(create(root.to(*branches), middlewares=[recorder])) as flow:
        victim = message()
        await flow.emit(victim)
        await settled()
        await flow.cancel(victim.trace_id)
        await settled()

        assert [len(gate.cancelled) for gate in gates] == [1, 1, 1]
        assert len(recorder.of("trace_cancel_finish")) == 1


async def test_an_id_can_be_used_again_after_its_trace_ended() -> None:
    gate = Gate()
    async with running(chain(untyped(gate.wait, "gate"))) as flow:
        victim = message("first")
        await flow.emit(victim)
        await settled()
        await flow.cancel(victim.trace_id)
        await settled()
        gate.opened.set()
        await flow.emit(message("again", trace_id=victim.trace_id))

        assert (await flow.fetch()).payload == "again"
