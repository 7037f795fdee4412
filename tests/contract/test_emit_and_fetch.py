"""Sections 6 to 8 under a real event loop: targets, sources, order, and what survives what."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from penguiflow import CycleError, ModelRegistry, Node, PenguiFlow, create
from penguiflow.core import OPEN_SEA, ROOKERY, FlowStopped
from tests.fakes.flows import chain, message, passes_on, running, untyped


async def test_a_bare_value_and_a_message_arrive_as_the_very_objects_that_were_emitted() -> None:
    sent, thing = message(), object()

    async with running(chain(untyped(passes_on, "a"), untyped(passes_on, "b"))) as flow:
        await flow.emit(sent)
        await flow.emit(thing)

        assert await flow.fetch() is sent
        assert await flow.fetch() is thing


async def test_values_that_are_false_travel_and_none_does_not_come_out() -> None:
    async with running(create(untyped(passes_on, "n").to())) as flow:
        for value in (0, None, "", [], False):
            await flow.emit(value)

        assert [await flow.fetch() for _ in range(4)] == [0, "", [], False]


@pytest.mark.parametrize("as_sequence", [False, True])
async def test_only_a_node_without_a_parent_can_be_a_target_from_outside(as_sequence: bool) -> None:
    first, second, stranger = (untyped(passes_on, name) for name in ("first", "second", "stranger"))

    async with running(create(first.to(second))) as flow:
        for owner in (second, stranger, ROOKERY):
            target: Any = [owner] if as_sequence else owner
            with pytest.raises(KeyError, match=f"Unknown target {owner.name} for OpenSea"):
                await flow.emit(1, to=target)
            with pytest.raises(KeyError, match=f"Unknown target {owner.name} for OpenSea"):
                flow.emit_nowait(1, to=target)


async def test_an_empty_sequence_of_targets_does_nothing() -> None:
    async with running(create(untyped(passes_on, "n").to())) as flow:
        await flow.emit("nobody", to=[])
        flow.emit_nowait("nobody", to=())
        await flow.emit("somebody")

        assert await flow.fetch() == "somebody"


async def test_a_terminal_node_can_name_the_rookery_and_nothing_else() -> None:
    async def emits(msg: Any, ctx: Any) -> str:
        await ctx.emit("one", to=ROOKERY)
        ctx.emit_nowait("two", to=[ROOKERY])
        with pytest.raises(KeyError, match="Unknown target OpenSea for n"):
            await ctx.emit("three", to=OPEN_SEA)
        return "returned"

    async with running(create(untyped(emits, "n").to())) as flow:
        await flow.emit(1)

        assert [await flow.fetch() for _ in range(3)] == ["one", "two", "returned"]


async def test_results_can_be_fetched_by_the_node_they_come_from() -> None:
    a, b, c = (untyped(passes_on, name) for name in "abc")

    async def marks(msg: Any, ctx: Any) -> str:
        return f"{msg} from b"

    b.func = marks
    async with running(create(a.to(), b.to(), c.to())) as flow:
        await flow.emit("x")

        assert await flow.fetch(from_=b) == "x from b"
        assert await flow.fetch_any(from_=[a, c]) == "x"
        assert await flow.fetch_any() == "x"
        with pytest.raises(KeyError):
            await flow.fetch(untyped(passes_on, "stranger"))


async def test_emit_nowait_into_a_full_queue_leaves_earlier_edges_their_copy() -> None:
    empty, full = untyped(passes_on, "empty"), untyped(passes_on, "full")
    flow = create(empty.to(), full.to(), queue_maxsize=1)
    flow.emit_nowait("first", to=full)
    with pytest.raises(asyncio.QueueFull):
        flow.emit_nowait("second")

    async with running(flow):
        assert {await flow.fetch(from_=empty), await flow.fetch(from_=full)} == {"first", "second"}


@pytest.mark.parametrize("queue_maxsize", [0, -1])
async def test_a_flow_without_a_bound_never_refuses(queue_maxsize: int) -> None:
    flow = create(untyped(passes_on, "n").to(), queue_maxsize=queue_maxsize)
    for number in range(200):
        flow.emit_nowait(number)

    async with running(flow):
        assert [await flow.fetch() for _ in range(200)] == list(range(200))


async def test_a_waiting_fetch_survives_that_the_flow_starts_later() -> None:
    flow = create(untyped(passes_on, "n").to())
    waiting = asyncio.create_task(flow.fetch())
    await flow.emit(1)

    async with running(flow):
        assert await asyncio.wait_for(waiting, 1) == 1


async def test_run_names_every_missing_entry_and_can_be_tried_again() -> None:
    flow = create(Node(passes_on, "zeta").to(Node(passes_on, "alpha")), untyped(passes_on, "free").to())
    registry = ModelRegistry()
    with pytest.raises(RuntimeError, match=r"missing entries.*alpha, zeta"):
        flow.run(registry=registry)

    assert flow.registry is None
    async with running(flow):
        with pytest.raises(RuntimeError, match="already running"):
            flow.run()


async def test_each_worker_is_a_task_with_the_name_of_its_node() -> None:
    async with running(chain(untyped(passes_on, "a"), untyped(passes_on, "b"))):
        names = {task.get_name() for task in asyncio.all_tasks()}

    assert {"penguiflow:a", "penguiflow:b"} <= names


def test_a_flow_works_in_one_event_loop_after_the_other() -> None:
    flow = chain(untyped(passes_on, "a", timeout_s=1), untyped(passes_on, "b"), queue_maxsize=1)

    async def round_trip(number: int) -> Any:
        async with running(flow):
            await flow.emit(number)
            return await flow.fetch()

    assert [asyncio.run(round_trip(number)) for number in range(3)] == [0, 1, 2]


def test_a_flow_that_nobody_stopped_can_be_stopped_in_the_next_event_loop() -> None:
    flow = create(untyped(passes_on, "n", timeout_s=1).to())

    async def forgets_to_stop() -> None:
        flow.run()
        await flow.emit(1)
        await flow.fetch()

    async def starts_over(started: PenguiFlow) -> Any:
        await started.stop()
        async with running(started):
            await started.emit(2)
            return await started.fetch()

    asyncio.run(forgets_to_stop())
    assert asyncio.run(starts_over(flow)) == 2


@pytest.mark.parametrize("turns", range(4))
async def test_a_fetch_that_races_a_stop_gets_the_result_or_is_sent_away(turns: int) -> None:
    flow = create(untyped(passes_on, "n").to())
    flow.run()
    waiting = asyncio.create_task(flow.fetch())
    await asyncio.sleep(0)
    await flow.emit("result")

    async def stops_a_little_later() -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        await flow.stop()

    stopping = asyncio.create_task(stops_a_little_later())
    outcome = (await asyncio.wait_for(asyncio.gather(waiting, return_exceptions=True), 1))[0]
    await stopping

    assert outcome == "result" or isinstance(outcome, FlowStopped)


async def test_a_node_may_stop_its_own_flow() -> None:
    async def stops(msg: Any, ctx: Any) -> None:
        await ctx.runtime.stop()

    flow = create(untyped(stops, "n").to())
    flow.run()
    await flow.emit(1)

    with pytest.raises(FlowStopped):
        await asyncio.wait_for(flow.fetch(), 1)
    await asyncio.wait_for(flow.stop(), 1)
    async with running(flow):
        pass


def test_a_cycle_is_refused_unless_the_flow_or_the_looping_node_allows_it() -> None:
    a, b, loops = untyped(passes_on, "a"), untyped(passes_on, "b"), untyped(passes_on, "loops")
    loops.allow_cycle = True
    with pytest.raises(CycleError):
        create(a.to(b), b.to(a))

    assert create(a.to(b), b.to(a), allow_cycles=True).graph.egress == ()
    assert create(loops.to(loops)).graph.egress == (loops,)
