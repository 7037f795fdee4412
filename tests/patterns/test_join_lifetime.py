"""How long a join waits for the rest of a trace: nothing stale ever meets a later item."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

import pytest

from penguiflow import Message, PenguiFlow
from penguiflow.patterns import join_k
from tests.fakes.flows import chain, loop_clock, message, running, settled


class Load:
    """A payload that can be watched."""


def pair(**options: Any) -> PenguiFlow:
    return chain(join_k("join", 2), clock=loop_clock, **options)


async def emit(flow: PenguiFlow, *payloads: object, deadline_s: float | None = None) -> None:
    """Emit into trace `t` and let the join work."""
    for payload in payloads:
        await flow.emit(message(payload, trace_id="t", deadline_s=deadline_s))
    await settled()


async def next_payload(flow: PenguiFlow) -> object:
    result: Message = await flow.fetch()
    return result.payload


async def test_cancelling_the_trace_drops_the_items_that_wait_in_the_join() -> None:
    async with running(pair()) as flow:
        await emit(flow, "stale")
        assert await flow.cancel("t") is True
        await settled()

        assert await flow.cancel("t") is False
        await emit(flow, "new 1", "new 2")
        assert await next_payload(flow) == ["new 1", "new 2"]


async def test_cancelling_one_trace_leaves_the_others_in_the_join() -> None:
    async with running(pair()) as flow:
        await emit(flow, "kept")
        await flow.emit(message("victim", trace_id="victim"))
        await settled()
        await flow.cancel("victim")
        await emit(flow, "too")

        assert await next_payload(flow) == ["kept", "too"]


async def test_stopping_the_flow_drops_the_items_that_wait_in_the_join() -> None:
    flow = pair()
    async with running(flow):
        await emit(flow, "stale")
    async with running(flow):
        await emit(flow, "new 1", "new 2")
        assert await next_payload(flow) == ["new 1", "new 2"]


async def test_flows_that_share_a_join_node_do_not_share_its_items() -> None:
    join = join_k("join", 2)
    async with running(chain(join)) as one, running(chain(join)) as other:
        await emit(one, "one")
        await emit(other, "other 1", "other 2")

        assert await next_payload(other) == ["other 1", "other 2"]


async def test_a_released_trace_is_over() -> None:
    async with running(pair()) as flow:
        await emit(flow, 1, 2)
        await flow.fetch()

        assert await flow.cancel("t") is False


async def test_a_trace_is_over_once_the_deadline_of_its_first_item_has_passed() -> None:
    async with running(pair()) as flow:
        await emit(flow, "stale", deadline_s=5)
        await asyncio.sleep(6)

        assert await flow.cancel("t") is False
        await emit(flow, "new 1", "new 2")
        assert await next_payload(flow) == ["new 1", "new 2"]


async def test_items_that_meet_before_the_deadline_are_joined() -> None:
    async with running(pair()) as flow:
        await emit(flow, "a", deadline_s=5)
        await asyncio.sleep(4)
        await emit(flow, "b")

        assert await next_payload(flow) == ["a", "b"]


async def test_the_deadline_counts_by_the_clock_of_the_flow_even_if_that_clock_jumps() -> None:
    now = 0.0
    async with running(chain(join_k("join", 2), clock=lambda: now)) as flow:
        await emit(flow, "stale", deadline_s=5)
        now = 100.0
        await emit(flow, "new 1", "new 2")

        assert await next_payload(flow) == ["new 1", "new 2"]


async def test_the_deadline_of_an_item_that_was_joined_long_ago_does_not_touch_a_new_bucket() -> None:
    async with running(pair()) as flow:
        await emit(flow, "a", deadline_s=5)
        await emit(flow, "b", "c")
        await asyncio.sleep(10)
        await emit(flow, "d")

        assert [await next_payload(flow) for _ in range(2)] == [["a", "b"], ["c", "d"]]


async def test_the_deadline_of_a_cancelled_item_does_not_touch_a_new_bucket() -> None:
    async with running(pair()) as flow:
        await emit(flow, "stale", deadline_s=5)
        await flow.cancel("t")
        await settled()
        await emit(flow, "new 1")
        await asyncio.sleep(10)
        await emit(flow, "new 2")

        assert await next_payload(flow) == ["new 1", "new 2"]


async def test_the_deadline_of_an_item_from_before_a_stop_does_not_touch_a_new_bucket() -> None:
    flow = pair()
    async with running(flow):
        await emit(flow, "stale", deadline_s=5)
    async with running(flow):
        await emit(flow, "new 1")
        await asyncio.sleep(10)
        await emit(flow, "new 2")

        assert await next_payload(flow) == ["new 1", "new 2"]


@pytest.mark.parametrize("ending", ["cancel", "deadline", "stop"])
async def test_dropped_items_do_not_stay_in_memory(ending: str) -> None:
    load = Load()
    watched = weakref.ref(load)
    async with running(pair()) as flow:
        await emit(flow, load, deadline_s=1000)
        del load
        await flow.emit(message("other trace"))  # an idle worker may hold on to its newest item
        await settled()
        if ending == "cancel":
            await flow.cancel("t")
        elif ending == "deadline":
            await asyncio.sleep(1001)
        else:
            await flow.stop()
        await settled()
        gc.collect()

        assert watched() is None


@pytest.mark.parametrize("ending", ["release", "cancel", "stop"])
async def test_a_far_deadline_does_not_keep_a_flow_in_memory_that_nobody_uses_any_more(ending: str) -> None:
    flow = pair()
    watched = weakref.ref(flow)
    async with running(flow):
        await emit(flow, "a", deadline_s=1000)
        if ending == "release":
            await emit(flow, "b")
            assert await next_payload(flow) == ["a", "b"]
        elif ending == "cancel":
            await flow.cancel("t")
    del flow
    await settled()
    gc.collect()

    assert watched() is None
