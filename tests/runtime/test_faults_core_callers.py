"""Faults that hit the callers of a flow: stopping under load, giving up, sharing a trace id."""

from __future__ import annotations

import asyncio
import contextlib
import random

import pytest

from penguiflow import FlowStopped, Message, create
from penguiflow.core import TraceCancelled
from tests.fakes.flows import Gate, chain, message, passes_on, running, settled, untyped
from tests.fakes.virtual_time import run_virtually

STOP_BOUND_S = 2.0
SCHEDULES = 1_000


async def test_stop_under_a_thousand_traces_sends_every_blocked_caller_away() -> None:
    """C1: stop with 1,000 queued traces and 10 blocked callers."""
    gate = Gate()
    flow = chain(untyped(gate.wait, "gate"), queue_maxsize=1_000)
    baseline = asyncio.all_tasks()
    flow.run()
    for number in range(1_001):  # one is being worked on, a thousand are queued
        await flow.emit(message(number))
    callers = [asyncio.create_task(flow.emit(message("late"))) for _ in range(5)]
    callers += [asyncio.create_task(flow.fetch()) for _ in range(5)]
    await settled()
    assert not any(caller.done() for caller in callers)

    asked_at = asyncio.get_running_loop().time()
    await flow.stop()

    assert asyncio.get_running_loop().time() - asked_at <= STOP_BOUND_S
    outcomes = await asyncio.gather(*callers, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [FlowStopped] * 10
    assert asyncio.all_tasks() == baseline
    assert len(flow.services.traces) == 0

    gate.opened.set()
    async with running(flow):
        await flow.emit(message("first of the second run"))
        assert (await flow.fetch()).payload == "first of the second run"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(flow.fetch(), 60)


async def test_a_stop_that_is_cancelled_can_be_asked_for_again() -> None:
    """C1: whoever stops the flow may be impatient; the next one still waits for every worker."""

    async def takes_leave(msg: Message, ctx: object) -> None:
        try:
            await asyncio.sleep(1_000)
        finally:
            await asyncio.sleep(5)

    flow = chain(untyped(takes_leave, "takes leave"))
    baseline = asyncio.all_tasks()
    flow.run()
    await flow.emit(message())
    await settled()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(flow.stop(), 1)

    await flow.stop()

    assert asyncio.all_tasks() == baseline


def test_a_producer_that_gives_up_returns_its_place_under_a_thousand_schedules() -> None:
    """C2: producer cancelled while blocked on a full queue."""
    for seed in range(SCHEDULES):
        run_virtually(_impatient_producers(random.Random(seed)), seed=seed)


async def _impatient_producers(draw: random.Random) -> None:
    """Producers give up at about the moment when a place becomes free; no place gets lost."""
    places = draw.randint(1, 2)
    flow = chain(untyped(passes_on, "a"), untyped(passes_on, "b"), queue_maxsize=places)
    flow.run()
    accepted: list[int] = []

    async def produce(number: int, patience_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await flow.emit(message(number))
            accepted.append(number)

    async def consume() -> list[int]:
        with contextlib.suppress(TimeoutError):
            while True:
                async with asyncio.timeout(10):
                    seen.append((await flow.fetch()).payload)
                await asyncio.sleep(1)
        return seen

    seen: list[int] = []
    producers = [asyncio.create_task(produce(n, draw.choice([0, 1, 2, 3]))) for n in range(12)]
    await consume()
    await asyncio.gather(*producers)

    assert sorted(seen) == sorted(accepted)
    assert len(flow.services.traces) == 0
    before_it_is_full = 0
    with contextlib.suppress(asyncio.QueueFull):
        while True:  # the workers do not run meanwhile, so this counts the places of the first floe
            flow.emit_nowait(message("fill"))
            before_it_is_full += 1
    assert before_it_is_full == places
    await flow.stop()


def test_a_result_that_arrives_while_a_fetch_gives_up_goes_to_the_next_fetch() -> None:
    """C3: wait_for(fetch) times out and the result arrives at that moment or later."""
    for seed in range(200):
        run_virtually(_fetch_gives_up(delay_s=(seed % 3) / 2 + 0.5), seed=seed)


async def _fetch_gives_up(delay_s: float) -> None:
    async def late(msg: Message, ctx: object) -> Message:
        await asyncio.sleep(delay_s)
        return msg

    left, right = untyped(late, "left"), untyped(late, "right")
    async with running(create(untyped(passes_on, "root").to(left, right))) as flow:
        sent = [message(n) for n in range(3)]
        for each in sent:
            await flow.emit(each)
        results: list[int] = []
        misses = 0
        while len(results) < 6 and misses < 20:
            try:
                results.append((await asyncio.wait_for(flow.fetch(), 1)).payload)
            except TimeoutError:
                misses += 1

        assert sorted(results) == [0, 0, 1, 1, 2, 2]
        assert [r for r in results if r == 0] == results[:2]


@pytest.mark.parametrize("by_trace", [False, True], ids=["any result", "of a trace"])
@pytest.mark.parametrize("steps", range(8))
async def test_a_fetch_that_is_cancelled_at_any_step_passes_its_result_on(steps: int, by_trace: bool) -> None:
    """C3: the first of two who wait goes away before, while, or after the result comes."""
    async with running(chain(untyped(passes_on, "a"), untyped(passes_on, "b"))) as flow:
        sent = message("result")
        trace_id = sent.trace_id if by_trace else None
        first = asyncio.create_task(flow.fetch(trace_id=trace_id))
        second = asyncio.create_task(flow.fetch(trace_id=trace_id))
        await settled()
        flow.emit_nowait(sent)
        await settled(steps)
        first.cancel()
        await settled()

        assert first.done()
        got = second if first.cancelled() else first
        assert (await asyncio.wait_for(got, 5)).payload == "result"
        second.cancel()


def test_round_trips_that_share_a_trace_id_get_their_own_results() -> None:
    """C12: duplicate trace ids are emitted concurrently: one round trip waits for the other."""
    for seed in range(100):
        run_virtually(_twins(random.Random(seed)), seed=seed)


async def _twins(draw: random.Random) -> None:
    async def slow(msg: Message, ctx: object) -> Message:
        await asyncio.sleep(draw.choice([0, 0.5, 1]))
        return msg

    async def round_trip(number: int, trace_id: str) -> tuple[int, int]:
        await flow.emit(message(number), trace_id=trace_id)
        return number, (await flow.fetch(trace_id=trace_id)).payload

    async with running(chain(untyped(slow, "slow"), untyped(passes_on, "out"), queue_maxsize=2)) as flow:
        trips = [round_trip(n, draw.choice(["twin", "other"])) for n in range(12)]
        pairs = await asyncio.gather(*trips)
        assert all(asked == answered for asked, answered in pairs)


async def test_a_caller_that_gives_up_its_round_trip_does_not_block_its_twin() -> None:
    """C12: the one who waits for its turn can go away, and so can the one who has it."""
    gate = Gate()

    async def round_trip(payload: str) -> str:
        await flow.emit(message(payload), trace_id="twin")
        return str((await flow.fetch(trace_id="twin")).payload)

    async with running(chain(untyped(gate.wait, "gate"))) as flow:
        first = asyncio.create_task(round_trip("first"))
        await settled()
        impatient, patient = asyncio.create_task(round_trip("x")), asyncio.create_task(round_trip("patient"))
        await settled()
        impatient.cancel()
        await settled()
        assert len(gate.inside) == 1  # the twins wait outside
        gate.opened.set()

        assert await first == "first"
        assert await patient == "patient"


async def test_one_message_can_go_round_under_two_ids_at_once() -> None:
    """C12: the same message object is emitted under another id while it is under way."""

    async def slow(msg: Message, ctx: object) -> Message:
        await asyncio.sleep(1)
        return msg

    async with running(chain(untyped(slow, "slow"), untyped(passes_on, "out"))) as flow:
        sent = message()
        await flow.emit(sent, trace_id="a")
        await flow.emit(sent, trace_id="b")

        assert (await asyncio.wait_for(flow.fetch(trace_id="b"), 60)).trace_id == "b"
        assert (await asyncio.wait_for(flow.fetch(trace_id="a"), 60)).trace_id == "a"


@pytest.mark.parametrize("bare", [False, True], ids=["traced", "bare"])
async def test_a_round_trip_after_a_cancelled_one_gets_its_own_answer(bare: bool) -> None:
    """C12: the cancelled work of the first twin still winds down when the second is emitted."""

    async def first(msg: Message, ctx: object) -> object:
        return msg.payload if bare else msg

    async def cleans_up(msg: object, ctx: object) -> object:
        try:
            await asyncio.sleep(5)
        finally:
            await asyncio.sleep(1)
        return msg

    async def round_trip(payload: str) -> object:
        await flow.emit(message(payload), trace_id="twin")
        out = await flow.fetch(trace_id="twin")
        return out.payload if isinstance(out, Message) else out

    async with running(chain(untyped(first, "first"), untyped(cleans_up, "cleans up"))) as flow:
        cancelled = asyncio.create_task(round_trip("cancelled"))
        await asyncio.sleep(2)
        waiting = asyncio.create_task(round_trip("waiting"))
        await settled()
        await flow.cancel("twin")
        later = asyncio.create_task(round_trip("later"))

        with pytest.raises(TraceCancelled):
            await cancelled
        assert await asyncio.wait_for(waiting, 60) == "waiting"
        assert await asyncio.wait_for(later, 60) == "later"


async def test_cancelling_a_round_trip_that_still_waits_for_room_keeps_its_twins_apart() -> None:
    """C12: the flow has not accepted the message yet, so nothing of it is there to be cancelled."""
    gate = Gate()
    answered: list[tuple[str, str]] = []

    async def round_trip(payload: str) -> None:
        await flow.emit(message(payload), trace_id="twin")
        answered.append((payload, (await flow.fetch(trace_id="twin")).payload))

    async with running(chain(untyped(gate.wait, "gate"), queue_maxsize=1)) as flow:
        await flow.emit(message("works"))
        await settled()
        await flow.emit(message("queued"))
        trips = [asyncio.create_task(round_trip(f"twin {number}")) for number in range(3)]
        await settled()
        await flow.cancel("twin")
        gate.opened.set()
        done, waiting = await asyncio.wait(trips, timeout=60)

        assert not waiting
        assert all(trip.exception() is None or isinstance(trip.exception(), TraceCancelled) for trip in done)
        assert all(asked == got for asked, got in answered)
        assert len(answered) >= 2
