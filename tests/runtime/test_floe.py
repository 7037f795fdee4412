"""Bounded edges: places, turns and order, whoever gives up waiting."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow._runtime.floe import Floe
from penguiflow._runtime.inbox import Inbox
from penguiflow._runtime.trace import Trace
from penguiflow.core import OPEN_SEA, ROOKERY, FlowStopped
from tests.fakes.flows import settled
from tests.fakes.virtual_time import run_virtually


def floe(maxsize: int, inbox: Inbox | None = None) -> Floe:
    return Floe(OPEN_SEA, ROOKERY, maxsize, inbox or Inbox())


def contents(of: Floe) -> list[object]:
    return [item for _, item, _, floe in of.inbox.queue if floe is of]


async def put(to: Floe, item: object) -> None:
    await to.reserve()
    to.spend(None, item)


async def test_items_leave_in_the_order_of_their_arrival() -> None:
    queue = floe(0)
    for item in range(3):
        queue.push(None, item)

    assert [queue.inbox.take()[1] for _ in range(3)] == [0, 1, 2]


async def test_an_inbox_hands_out_in_the_order_of_arrival_over_all_floes() -> None:
    inbox = Inbox()
    left, right = floe(0, inbox), floe(0, inbox)
    left.push(None, "a")
    right.push(None, "b")
    left.push(None, "c")

    assert [inbox.take()[1] for _ in range(3)] == ["a", "b", "c"]


async def test_places_are_granted_in_the_order_of_asking() -> None:
    queue = floe(1)
    queue.push(None, 0)
    producers = [asyncio.create_task(put(queue, item)) for item in (1, 2, 3)]
    await settled()
    taken = []
    for _ in range(4):
        taken.append(queue.inbox.take()[1])
        await settled()

    assert taken == [0, 1, 2, 3]
    await asyncio.gather(*producers)


async def test_a_newcomer_does_not_overtake_a_waiting_producer() -> None:
    queue = floe(1)
    queue.push(None, 0)
    waiting = asyncio.create_task(put(queue, 1))
    await settled()
    queue.inbox.take()

    assert not queue.has_room()
    await waiting
    assert contents(queue) == [1]


@pytest.mark.parametrize("granted", [False, True])
async def test_a_producer_that_gives_up_returns_its_place(granted: bool) -> None:
    queue = floe(1)
    queue.push(None, 0)
    waiting = asyncio.create_task(put(queue, 1))
    await settled()
    if granted:
        queue.inbox.take()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    if not granted:
        queue.inbox.take()

    assert queue.has_room()
    assert contents(queue) == []


async def test_a_consumer_that_gives_up_passes_its_turn_on() -> None:
    queue = floe(0)
    first, second = (asyncio.create_task(queue.inbox.wait()) for _ in range(2))
    await settled()
    queue.push(None, "item")
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)

    await second
    assert queue.inbox.take()[1] == "item"


async def test_a_consumer_of_one_floe_is_not_woken_for_another() -> None:
    inbox = Inbox()
    left, right = floe(0, inbox), floe(0, inbox)
    waiting = asyncio.create_task(inbox.wait([right]))
    await settled()
    left.push(None, "left")
    await settled()

    assert not waiting.done()
    assert inbox.take_from([right]) is None
    right.push(None, "right")
    await waiting
    assert inbox.take_from([right]) == (None, "right", None, right)
    assert inbox.take() == (None, "left", None, left)


async def test_removing_a_trace_leaves_the_others_in_their_order() -> None:
    inbox = Inbox()
    left, right = floe(0, inbox), floe(0, inbox)
    gone, kept = Trace("gone"), Trace("kept")
    for number, (queue, trace) in enumerate(
        [(left, kept), (right, gone), (left, gone), (right, kept), (left, kept), (right, gone)]
    ):
        queue.push(trace, number)

    for place in dict.fromkeys(gone.queued):
        place.remove(gone)

    assert gone.queued == []
    assert [inbox.take()[1] for _ in range(len(inbox.queue))] == [0, 3, 4]
    assert kept.queued == []


async def test_removing_a_trace_makes_room() -> None:
    queue, trace = floe(1), Trace("t")
    queue.push(trace, 0)
    waiting = asyncio.create_task(put(queue, 1))
    await settled()
    queue.inbox.remove(trace)

    await waiting
    assert contents(queue) == [1]


async def test_closing_sends_everybody_away_and_drops_the_items() -> None:
    queue = floe(1)
    other = floe(1)
    queue.push(None, 0)
    producer = asyncio.create_task(put(queue, 1))
    consumer = asyncio.create_task(other.inbox.wait())
    await settled()
    queue.close()
    queue.inbox.close()
    other.inbox.close()

    outcomes = await asyncio.gather(producer, consumer, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [FlowStopped, FlowStopped]
    assert queue.has_room()
    assert not queue.inbox.queue


async def test_a_place_granted_just_before_closing_is_not_used_after_it() -> None:
    queue = floe(1)
    queue.push(None, 0)
    producer = asyncio.create_task(put(queue, 1))
    await settled()
    queue.inbox.take()
    queue.close()

    with pytest.raises(FlowStopped, match="OpenSea->Rookery"):
        await producer
    assert queue.has_room()
    assert contents(queue) == []


@given(
    maxsize=st.integers(1, 3),
    plan=st.lists(st.sampled_from(["produce", "give up", "take", "let run"]), max_size=40),
    seed=st.integers(0, 2**32),
)
def test_no_schedule_loses_an_item_or_a_place(maxsize: int, plan: list[str], seed: int) -> None:
    async def main() -> None:
        queue = floe(maxsize)
        producers: dict[int, asyncio.Task[None]] = {}
        taken: list[object] = []
        for number, step in enumerate(plan):
            if step == "produce":
                producers[number] = asyncio.create_task(put(queue, number))
            elif step == "give up" and producers:
                producers[max(producers)].cancel()
            elif step == "take" and queue.inbox.queue:
                taken.append(queue.inbox.take()[1])
            elif step == "let run":
                await asyncio.sleep(0)
            assert queue.depth <= maxsize
        while not all(task.done() for task in producers.values()) or queue.inbox.queue:
            while queue.inbox.queue:
                taken.append(queue.inbox.take()[1])
            await settled()
        done = [number for number, task in producers.items() if not task.cancelled()]
        assert sorted(taken, key=str) == sorted(done, key=str)
        assert queue.has_room()
        for _ in range(maxsize):
            assert queue.has_room()
            queue.push(None, "fills up")
        assert not queue.has_room()

    run_virtually(main(), seed=seed)
