"""Starting, stopping and starting again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from penguiflow import FlowStopped, Message, ModelRegistry, Node, create
from penguiflow.core import StopTimeoutError
from tests.fakes.flows import Gate, chain, message, passes_on, running, settled, untyped
from tests.fakes.virtual_time import run_virtually


async def test_there_is_one_task_per_node_with_its_name() -> None:
    async with running(chain(untyped(passes_on, "a"), untyped(passes_on, "b"))) as flow:
        await flow.emit(message())
        await flow.fetch()

        names = {task.get_name() for task in asyncio.all_tasks() - {asyncio.current_task()}}
        assert names == {"penguiflow:a", "penguiflow:b"}


async def test_a_running_flow_cannot_be_run_again() -> None:
    async with running(chain(untyped(passes_on, "a"))) as flow:
        with pytest.raises(RuntimeError, match="already running"):
            flow.run()


async def test_a_failed_run_leaves_the_flow_startable() -> None:
    flow = chain(Node(passes_on))
    with pytest.raises(RuntimeError, match="missing entries"):
        flow.run(registry=ModelRegistry())
    with pytest.raises(RuntimeError, match="not running"):
        await flow.cancel("any")

    async with running(flow):
        await flow.emit(1)
        assert await flow.fetch() == 1


async def test_items_emitted_before_run_wait_for_it() -> None:
    flow = chain(untyped(passes_on, "a"))
    await flow.emit("early")

    async with running(flow):
        assert await flow.fetch() == "early"


async def test_stop_does_nothing_when_nothing_runs() -> None:
    flow = chain(untyped(passes_on, "a"))
    await flow.stop()
    flow.run()
    await flow.stop()
    await flow.stop()


async def test_a_node_sees_its_cancellation_before_stop_returns() -> None:
    gate = Gate()
    async with running(chain(untyped(gate.wait, "gate"))) as flow:
        await flow.emit("parked")
        await settled()
        await flow.stop()

        assert gate.cancelled == ["parked"]


async def test_stop_sends_waiting_callers_away() -> None:
    gate = Gate()
    async with running(chain(untyped(gate.wait, "gate"), queue_maxsize=1)) as flow:
        await flow.emit(1)
        await settled()
        callers = [asyncio.create_task(flow.emit(message(n))) for n in range(10)]
        callers += [asyncio.create_task(flow.fetch()) for _ in range(10)]
        await settled()
        await flow.stop()

        outcomes = await asyncio.gather(*callers, return_exceptions=True)
        stopped = [outcome for outcome in outcomes if isinstance(outcome, FlowStopped)]
        assert len(stopped) == 19  # one emit had found a free place
        assert outcomes.count(None) == 1


async def test_stop_sends_a_producer_of_chunks_away() -> None:
    async with running(chain(untyped(passes_on, "a"), queue_maxsize=1)) as flow:
        parent = message()
        await flow.emit_chunk(parent=parent, text="0")
        await settled()
        await flow.emit_chunk(parent=parent, text="1")
        await settled()
        waiting = asyncio.create_task(flow.emit_chunk(parent=parent, text="2"))
        await settled()
        assert not waiting.done()
        await flow.stop()

        with pytest.raises(FlowStopped):
            await waiting


async def test_a_second_run_starts_empty() -> None:
    gate = Gate()
    flow = chain(untyped(gate.wait, "gate"), queue_maxsize=8)
    async with running(flow):
        for number in range(5):
            await flow.emit(message(number))
        await settled()
    gate.opened.set()

    async with running(flow):
        await flow.emit(message("new"))
        assert (await flow.fetch()).payload == "new"


async def test_unfetched_results_do_not_reach_the_next_run() -> None:
    flow = chain(untyped(passes_on, "a"))
    async with running(flow):
        await flow.emit("old")
        await settled()

    async with running(flow):
        await flow.emit("new")
        assert await flow.fetch() == "new"


async def test_what_nodes_emit_on_their_way_out_does_not_reach_the_next_run() -> None:
    async def says_goodbye(msg: str, ctx: Any) -> str:
        try:
            if msg == "park":
                await asyncio.Event().wait()
        finally:
            await ctx.emit(f"goodbye {msg}")
        return msg

    flow = chain(untyped(says_goodbye, "a"))
    async with running(flow):
        await flow.emit("park")
        await settled()

    async with running(flow):
        await flow.emit("new")
        assert await flow.fetch() == "goodbye new"


async def test_fetching_from_a_stopped_flow_is_an_error_and_no_hang() -> None:
    flow = chain(untyped(passes_on, "a"))
    async with running(flow):
        pass

    with pytest.raises(FlowStopped, match="call `run\\(\\)` first"):
        await flow.fetch()


async def test_stop_gives_up_on_a_node_that_ignores_it_and_names_it() -> None:
    release = asyncio.Event()

    async def stubborn(msg: Any, ctx: Any) -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue

    flow = chain(untyped(stubborn, "stubborn"))
    flow.run()
    await flow.emit(1)
    await settled()

    with pytest.raises(StopTimeoutError, match="`stubborn` still running 2 s after stop"):
        await flow.stop(grace_s=2)
    release.set()
    await settled()


async def test_a_node_that_swallows_its_cancellation_does_not_go_on_working() -> None:
    seen: list[int] = []

    async def swallows(msg: int, ctx: Any) -> None:
        seen.append(msg)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return

    async with running(chain(untyped(swallows, "a"))) as flow:
        for number in range(3):
            await flow.emit(number)
        await settled()
        await flow.stop()

    assert seen == [0]


async def test_two_callers_may_stop_at_once() -> None:
    gate = Gate(on_cancel=lambda: asyncio.sleep(1))
    flow = chain(untyped(gate.wait, "gate"))
    flow.run()
    await flow.emit(1)
    await settled()

    await asyncio.gather(flow.stop(), flow.stop())
    assert len(gate.cancelled) == 1


async def test_losing_a_worker_stops_the_flow_loudly() -> None:
    flow = chain(untyped(passes_on, "a"), untyped(passes_on, "b"))
    flow.run()
    fetching = asyncio.create_task(flow.fetch())
    await settled()
    next(task for task in asyncio.all_tasks() if task.get_name() == "penguiflow:b").cancel()

    with pytest.raises(FlowStopped):
        await fetching
    for call in (flow.fetch(), flow.emit(1)):
        with pytest.raises(FlowStopped, match="worker of `b` was cancelled"):
            await call
    await flow.stop()


async def test_a_trace_that_is_stopped_is_forgotten() -> None:
    gate = Gate()
    flow = chain(untyped(gate.wait, "gate"))
    async with running(flow):
        parked = message()
        await flow.emit(parked)
        await settled()

    async with running(flow):
        assert await flow.cancel(parked.trace_id) is False


def test_a_forgotten_stop_does_not_keep_the_program_from_ending() -> None:
    async def main() -> Message:
        flow = chain(untyped(passes_on, "a"), untyped(passes_on, "b"))
        flow.run()
        await flow.emit(message("x"))
        return await flow.fetch()

    assert run_virtually(main()).payload == "x"


def test_a_node_that_swallows_its_cancellation_does_not_keep_the_program_from_ending() -> None:
    async def swallows(msg: Any, ctx: Any) -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "ignored it"
        return "never"

    async def main() -> None:
        flow = chain(untyped(swallows, "a"))
        flow.run()
        await flow.emit(1)
        await settled()

    run_virtually(main())


async def test_what_is_no_store_and_no_bus_is_refused_at_once() -> None:
    async def opens_a_store() -> None:
        """What a caller forgets to await."""

    not_awaited = opens_a_store()
    with pytest.raises(TypeError, match=r"`state_store` is a `coroutine`.*`save_event`; await what opens it"):
        create(untyped(passes_on, "a").to(), state_store=not_awaited)  # type: ignore[arg-type] # the mistake
    not_awaited.close()
    with pytest.raises(TypeError, match=r"`message_bus` is a `list`, which has no `publish`"):
        create(untyped(passes_on, "a").to(), message_bus=[])  # type: ignore[arg-type] # the mistake
