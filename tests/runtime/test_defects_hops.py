"""What a hop costs, who may overtake whom, and how streams are numbered."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from penguiflow import WM, Context, FinalAnswer, FlowError, Message, create
from tests.fakes.flows import chain, loop_clock, message, passes_on, running, settled, untyped


async def test_a_hop_starts_no_task_and_no_timer_of_its_own() -> None:
    seen: list[set[str]] = []

    async def looks(msg: Any, ctx: Context) -> Any:
        await asyncio.sleep(0)
        seen.append({task.get_name() for task in asyncio.all_tasks()} - {caller})
        return msg

    current = asyncio.current_task()
    assert current is not None
    caller = current.get_name()
    flow = chain(untyped(looks, "a", timeout_s=30.0), untyped(looks, "b", max_retries=2))
    async with running(flow):
        await flow.emit(message())
        await flow.emit("bare")
        for _ in range(2):
            await flow.fetch()

    assert seen == [{"penguiflow:a", "penguiflow:b"}] * 4


async def test_a_slow_trace_holds_up_the_others_only_where_concurrency_is_not_allowed() -> None:
    async def works(msg: Message, ctx: Context) -> Message:
        await asyncio.sleep(100 if msg.payload == "slow" else 1)
        return msg

    elapsed: dict[int, float] = {}
    for lanes in (1, 2):
        async with running(chain(untyped(works, "works", max_concurrency=lanes))) as flow:
            started_at = loop_clock()
            await flow.emit(message("slow"))
            await flow.emit(message("quick"))
            while (await flow.fetch()).payload != "quick":
                pass
            elapsed[lanes] = loop_clock() - started_at

    assert elapsed == {1: pytest.approx(101), 2: pytest.approx(1)}


@pytest.mark.parametrize("lanes", [2, 3, 8])
async def test_concurrency_keeps_the_order_within_each_trace(lanes: int) -> None:
    running_by_trace: dict[str, int] = {}
    most = 0

    async def works(msg: Message, ctx: Context) -> Message:
        nonlocal most
        running_by_trace[msg.trace_id] = running_by_trace.get(msg.trace_id, 0) + 1
        assert running_by_trace[msg.trace_id] == 1
        most = max(most, sum(running_by_trace.values()))
        await asyncio.sleep(msg.payload * 7 % 5)
        running_by_trace[msg.trace_id] -= 1
        return msg

    flow = chain(untyped(works, "works", max_concurrency=lanes), untyped(passes_on, "out"), queue_maxsize=4)
    async with running(flow):

        async def produce() -> None:
            for number in range(60):
                await flow.emit(message(number, trace_id=f"t{number % 5}"))

        producing = asyncio.create_task(produce())
        out = [await flow.fetch() for _ in range(60)]
        await producing

    assert most == min(lanes, 5)
    for trace_id in {each.trace_id for each in out}:
        numbers = [each.payload for each in out if each.trace_id == trace_id]
        assert numbers == sorted(numbers)
        assert len(numbers) == 12


@pytest.mark.parametrize("lanes", [1, 2])
async def test_a_node_that_floods_itself_with_one_trace_is_told_whatever_its_concurrency(lanes: int) -> None:
    async def floods(msg: Message, ctx: Context) -> None:
        if msg.payload == "go":
            for number in range(5):
                await ctx.emit(msg.model_copy(update={"payload": number}), flooder)

    flooder = untyped(floods, "flooder", max_concurrency=lanes)
    flooder.allow_cycle = True
    async with running(create(flooder.to(flooder), queue_maxsize=2, emit_errors_to_rookery=True)) as flow:
        await flow.emit(message("go"))
        failure = await asyncio.wait_for(flow.fetch(), 5)

        assert isinstance(failure, FlowError)
        assert failure.exception_type == "DeadlockError"


async def test_nodes_that_fill_each_others_queues_are_told_instead_of_hanging() -> None:
    async def doubles(msg: Message, ctx: Context) -> None:
        await ctx.emit(msg)
        await ctx.emit(msg)

    a, b = untyped(doubles, "a"), untyped(doubles, "b")
    start = untyped(passes_on, "start")
    flow = create(
        start.to(a), a.to(b), b.to(a), queue_maxsize=1, allow_cycles=True, emit_errors_to_rookery=True
    )
    async with running(flow):
        await flow.emit(message())
        failure = await asyncio.wait_for(flow.fetch(), 5)

        assert isinstance(failure, FlowError)
        assert failure.exception_type == "DeadlockError"


async def test_traces_that_feed_one_stream_share_its_numbers_until_the_last_has_ended() -> None:
    async def produces(msg: Message, ctx: Context) -> None:
        for _ in range(msg.payload):
            await ctx.emit_chunk(parent=msg, text="text", stream_id="shared")
            await asyncio.sleep(1)

    a, b = untyped(produces, "a"), untyped(produces, "b")
    async with running(create(a.to(), b.to())) as flow:
        await flow.emit(message(2), to=a)
        await flow.emit(message(4), to=b)

        assert [(await flow.fetch()).payload.seq for _ in range(6)] == [0, 1, 2, 3, 4, 5]
        await asyncio.sleep(5)
        assert len(flow.services.streams) == 0


@pytest.mark.parametrize("payload", [FinalAnswer(text="early"), WM(query="q")], ids=["answer", "late"])
async def test_an_answer_is_fetched_from_the_node_that_gave_it(payload: Any) -> None:
    async def answers(msg: Message, ctx: Context) -> Message:
        return msg.model_copy(update={"payload": payload})

    other, middle, end = untyped(passes_on, "other"), untyped(answers, "middle"), untyped(passes_on, "end")
    async with running(create(other.to(), middle.to(end), end.to(), clock=loop_clock)) as flow:
        deadline_s = -1.0 if isinstance(payload, WM) else None
        await flow.emit(message(deadline_s=deadline_s), to=middle)
        await settled()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(flow.fetch(from_=[other, end]), 1)

        assert isinstance((await flow.fetch(from_=middle)).payload, FinalAnswer)


async def test_what_a_branch_notes_in_meta_is_not_seen_by_the_others() -> None:
    seen: list[tuple[str, dict[str, Any]]] = []

    async def notes(msg: Message, ctx: Context) -> Message:
        msg.meta[ctx.owner.name] = True
        await asyncio.sleep(1)
        seen.append((ctx.owner.name, dict(msg.meta)))
        return msg

    root = untyped(passes_on, "root")
    branches = [untyped(notes, name) for name in "xyz"]
    async with running(create(root.to(*branches))) as flow:
        sent = message(meta={"from": "caller"})
        await flow.emit(sent)
        for _ in branches:
            await flow.fetch()

    assert sorted(seen) == [(name, {"from": "caller", name: True}) for name in "xyz"]
