"""Items on their way through the graph, in the normal course."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from penguiflow import Context, Message, PenguiFlow, create
from penguiflow.core import OPEN_SEA
from tests.fakes.flows import Gate, chain, message, passes_on, running, settled, untyped


async def test_a_message_passes_through_a_chain() -> None:
    async def add_one(msg: Message, ctx: Any) -> Message:
        return msg.model_copy(update={"payload": msg.payload + 1})

    async with running(chain(*(untyped(add_one, f"n{i}") for i in range(3)))) as flow:
        sent = message(1)
        await flow.emit(sent)

        out = await flow.fetch()
        assert (out.payload, out.trace_id) == (4, sent.trace_id)


async def test_results_keep_the_order_of_emission() -> None:
    async with running(chain(untyped(passes_on, "a"), untyped(passes_on, "b"))) as flow:
        producer = asyncio.create_task(emit_all(flow, range(300)))
        assert [await flow.fetch() for _ in range(300)] == list(range(300))
        await producer


async def emit_all(flow: PenguiFlow, items: Any) -> None:
    for item in items:
        await flow.emit(item)


async def test_bare_values_stay_bare() -> None:
    async with running(chain(untyped(passes_on, "a"))) as flow:
        await flow.emit({"plain": 1})

        assert await flow.fetch() == {"plain": 1}


async def test_none_sends_nothing_on() -> None:
    async def keeps_odd(msg: int, ctx: Any) -> int | None:
        return msg if msg % 2 else None

    async with running(chain(untyped(keeps_odd, "a"))) as flow:
        for number in (1, 2, 3):
            await flow.emit(number)

        assert [await flow.fetch(), await flow.fetch()] == [1, 3]


async def test_emitting_and_returning_are_independent() -> None:
    async def both(msg: str, ctx: Context) -> str:
        await ctx.emit(f"{msg} emitted")
        return f"{msg} returned"

    async with running(chain(untyped(both, "a"))) as flow:
        await flow.emit("x")

        assert [await flow.fetch(), await flow.fetch()] == ["x emitted", "x returned"]


async def test_a_node_works_on_one_item_at_a_time() -> None:
    now = asyncio.get_running_loop().time

    async def slow(msg: int, ctx: Any) -> float:
        await asyncio.sleep(0.1)
        return round(now(), 3)

    async with running(chain(untyped(slow, "a"))) as flow:
        started = now()
        await emit_all(flow, range(5))

        ended = [await flow.fetch() for _ in range(5)]
        assert ended == [round(started + 0.1 * n, 3) for n in range(1, 6)]


async def test_successors_get_their_items_in_the_order_of_declaration() -> None:
    arrived: list[str] = []

    def sink(name: str) -> Any:
        async def note(msg: Any, ctx: Any) -> None:
            arrived.append(name)

        return untyped(note, name)

    root = untyped(passes_on, "root")
    names = ["d", "a", "c", "b"]
    async with running(create(root.to(*(sink(name) for name in names)))) as flow:
        await flow.emit(1)
        await settled()

        assert arrived == names


async def test_branches_do_not_share_their_meta() -> None:
    async def marks(msg: Message, ctx: Context) -> Message:
        msg.meta[ctx.owner.name] = True
        return msg

    root, left, right = untyped(passes_on, "root"), untyped(marks, "left"), untyped(marks, "right")
    async with running(create(root.to(left, right))) as flow:
        payload = object()
        await flow.emit(message(payload, meta={"from": "caller"}))

        results = [await flow.fetch(from_=left), await flow.fetch(from_=right)]
        assert [r.meta for r in results] == [
            {"from": "caller", "left": True},
            {"from": "caller", "right": True},
        ]
        assert all(r.payload is payload for r in results)


async def test_a_node_can_choose_its_successors() -> None:
    async def routes(msg: int, ctx: Context) -> None:
        await ctx.emit(msg, to=odd if msg % 2 else [even])

    odd, even = untyped(passes_on, "odd"), untyped(passes_on, "even")
    router = untyped(routes, "router")
    async with running(create(router.to(odd, even))) as flow:
        await emit_all(flow, (1, 2))

        assert await flow.fetch(from_=odd) == 1
        assert await flow.fetch(from_=even) == 2


async def test_an_empty_choice_sends_nothing() -> None:
    async def routes(msg: int, ctx: Context) -> str:
        await ctx.emit(msg, to=[])
        return "done"

    async with running(chain(untyped(routes, "router"))) as flow:
        await flow.emit(1)

        assert await flow.fetch() == "done"


async def test_an_unknown_target_is_a_key_error_that_names_both_ends() -> None:
    flow = chain(untyped(passes_on, "a"))

    with pytest.raises(KeyError, match="Unknown target b for OpenSea"):
        await flow.emit(1, to=untyped(passes_on, "b"))
    with pytest.raises(KeyError, match="Unknown target OpenSea for OpenSea"):
        flow.emit_nowait(1, to=OPEN_SEA)


async def test_emitting_into_a_graph_without_ingress_is_an_error_and_no_silent_loss() -> None:
    a, b = untyped(passes_on, "a"), untyped(passes_on, "b")
    closed = create(a.to(b), b.to(a), allow_cycles=True)

    for flow in (closed, create()):
        with pytest.raises(RuntimeError, match="`OpenSea` has no outgoing floe"):
            await flow.emit(1)
        with pytest.raises(KeyError, match="Unknown target a"):
            await flow.emit(1, to=a)


async def test_a_context_without_a_flow_cannot_emit() -> None:
    with pytest.raises(RuntimeError, match="belongs to no flow"):
        await Context(untyped(passes_on, "a")).emit(1)


async def test_a_context_without_incoming_edges_cannot_fetch() -> None:
    with pytest.raises(RuntimeError, match="no incoming floes to fetch from"):
        await create().fetch()


async def test_fetching_from_an_unknown_source_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="Unknown source other"):
        await chain(untyped(passes_on, "a")).fetch(from_=untyped(passes_on, "other"))


async def test_fetching_from_one_node_leaves_the_items_of_others_alone() -> None:
    left, right = untyped(passes_on, "left"), untyped(passes_on, "right")
    async with running(create(left.to(), right.to())) as flow:
        await flow.emit("l", to=left)
        await flow.emit("r", to=right)
        await settled()

        assert await flow.fetch(from_=right) == "r"
        assert await flow.fetch_any(from_=[left, right]) == "l"


async def test_a_node_can_fetch_further_items_and_they_are_accounted_for() -> None:
    async def pairs(msg: Message, ctx: Context) -> list[Any]:
        other = await ctx.fetch()
        return [msg.payload, other.payload]

    async with running(chain(untyped(pairs, "pairs"))) as flow:
        await flow.emit(message("a"))
        await flow.emit(message("b"))

        assert await flow.fetch() == ["a", "b"]
        await settled()
        assert len(flow.services.traces) == 0


async def test_nothing_to_fetch_at_once_is_queue_empty() -> None:
    async def looks(msg: Any, ctx: Context) -> str:
        try:
            return str(ctx.fetch_nowait())
        except asyncio.QueueEmpty as empty:
            return str(empty)

    async with running(chain(untyped(looks, "looks"))) as flow:
        await flow.emit(1)

        assert await flow.fetch() == "nothing has arrived at `looks`"


async def test_emit_waits_while_the_queue_is_full_and_emit_nowait_refuses() -> None:
    gate = Gate()
    async with running(chain(untyped(gate.wait, "gate"), queue_maxsize=1)) as flow:
        await flow.emit(1)
        await settled()
        await flow.emit(2)
        blocked = asyncio.create_task(flow.emit(3))
        await settled()

        assert not blocked.done()
        with pytest.raises(asyncio.QueueFull):
            flow.emit_nowait(4)
        gate.opened.set()
        assert [await flow.fetch() for _ in range(3)] == [1, 2, 3]
        await blocked


@pytest.mark.parametrize("maxsize", [0, -1])
async def test_an_unbounded_flow_never_blocks_a_producer(maxsize: int) -> None:
    flow = chain(untyped(passes_on, "a"), queue_maxsize=maxsize)
    for number in range(1000):
        flow.emit_nowait(number)

    async with running(flow):
        assert [await flow.fetch() for _ in range(1000)] == list(range(1000))


async def test_an_emit_that_gives_up_leaves_no_trace_behind() -> None:
    gate = Gate()
    async with running(chain(untyped(gate.wait, "gate"), queue_maxsize=1)) as flow:
        await flow.emit("busy")
        await settled()
        await flow.emit("queued")
        abandoned = message()
        for _ in range(20):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(flow.emit(abandoned), 0.01)
        with pytest.raises(asyncio.QueueFull):
            flow.emit_nowait(abandoned)

        assert len(flow.services.traces) == 0
        assert await flow.cancel(abandoned.trace_id) is False


async def test_a_fetch_that_gives_up_loses_nothing() -> None:
    left, right = untyped(passes_on, "left"), untyped(passes_on, "right")
    async with running(create(left.to(), right.to())) as flow:
        for number in range(20):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(flow.fetch(), 0.01)
            await flow.emit(number, to=left if number % 2 else right)
            assert await flow.fetch() == number


async def test_concurrent_fetchers_share_the_results_without_loss() -> None:
    async with running(chain(untyped(passes_on, "a"))) as flow:
        fetchers = [asyncio.create_task(flow.fetch()) for _ in range(10)]
        await settled()
        fetchers[3].cancel()
        await emit_all(flow, range(9))

        results = await asyncio.gather(*fetchers, return_exceptions=True)
        assert sorted(r for r in results if isinstance(r, int)) == list(range(9))


async def test_a_long_queue_does_not_starve_the_loop() -> None:
    done: list[int] = []

    async def note(msg: int, ctx: Any) -> None:
        done.append(msg)

    flow = chain(untyped(note, "a"), queue_maxsize=0)
    for number in range(1000):
        flow.emit_nowait(number)
    async with running(flow):
        await asyncio.sleep(0)

        assert 0 < len(done) < 100


async def test_the_depth_of_queues_can_be_seen() -> None:
    seen: list[tuple[int, int, int]] = []

    async def looks(msg: Any, ctx: Context) -> Any:
        seen.append((ctx.queue_depth_in(), ctx.queue_depth_out(), ctx.outgoing_count()))
        return msg

    flow = chain(untyped(looks, "a"))
    for number in range(3):
        flow.emit_nowait(number)
    async with running(flow):
        await settled()

        assert seen == [(2, 0, 1), (1, 1, 1), (0, 2, 1)]
