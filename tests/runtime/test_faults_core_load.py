"""Faults of load: a cancel amid a thousand traces, a consumer that is far too slow, monstrous payloads."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from penguiflow import WM, Context, FinalAnswer, FlowEvent, Message, Node, NodePolicy, create
from penguiflow.bus import BusEnvelope
from penguiflow.state.models import StoredEvent
from tests.fakes.flows import Recorder, chain, loop_clock, message, passes_on, running, settled, untyped

TRACES = 1_000
VISIBLE_WITHIN_S = 0.05
CASES = ("works", "is queued", "backs off")


@pytest.mark.parametrize(("victim", "fails"), [(500, False), (501, False), (500, True)], ids=CASES)
async def test_cancelling_one_of_a_thousand_traces_is_visible_at_once_and_touches_no_other(
    victim: int, fails: bool
) -> None:
    """C6: cancel one of 1,000 traces on a shared queue of 2, also during a retry back-off."""
    finishes: list[float] = []

    async def work(msg: Message, ctx: Context) -> Message:
        if fails and msg.payload == victim:
            raise ValueError("again")
        await asyncio.sleep(1)
        return msg

    async def note(event: FlowEvent) -> None:
        if event.event_type == "trace_cancel_finish":
            finishes.append(loop_clock())

    async def fetch_the_others() -> list[int]:
        return [(await flow.fetch()).payload for _ in range(TRACES - 1)]

    node = untyped(work, "work", max_retries=1, backoff_base=1_000.0)
    flow = chain(node, queue_maxsize=2, middlewares=[note])
    async with running(flow):
        sent = [message(number) for number in range(TRACES)]
        callers = [asyncio.create_task(flow.emit(each)) for each in sent]
        fetching = asyncio.create_task(fetch_the_others())
        await asyncio.sleep(500.5)  # number 500 is worked on or backs off, 501 is queued
        assert await flow.cancel(sent[victim].trace_id)
        asked_at = loop_clock()
        await asyncio.sleep(VISIBLE_WITHIN_S)

        assert len(finishes) == 1
        assert finishes[0] <= asked_at + VISIBLE_WITHIN_S
        assert await fetching == [number for number in range(TRACES) if number != victim]
        await asyncio.gather(*callers)


class Freight:
    """A payload that counts how many of it exist."""

    alive = 0

    def __init__(self, number: int) -> None:
        self.number = number
        Freight.alive += 1

    def __del__(self) -> None:
        Freight.alive -= 1


async def test_a_consumer_that_is_far_too_slow_blocks_its_producer_instead_of_filling_the_memory() -> None:
    """C7: consumer 100 times slower than the producer, 100,000 messages."""
    messages, places = 100_000, 8
    most_alive = 0

    async def produce() -> None:
        for number in range(messages):
            await flow.emit(message(Freight(number)))

    flow = chain(untyped(passes_on, "a"), untyped(passes_on, "b"), queue_maxsize=places)
    async with running(flow):
        producing = asyncio.create_task(produce())
        for expected in range(messages):
            if expected % 100 == 0:
                await settled()
                most_alive = max(most_alive, Freight.alive)
                assert expected > messages - 50 or not producing.done()
            assert (await flow.fetch()).payload.number == expected
        await producing

    assert most_alive <= 3 * places + 4  # three floes, two nodes, the caller on both sides
    gc.collect()
    assert Freight.alive == 0


def _deep() -> list[Any]:
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    return deep


class Unfriendly:
    """Refuses to be printed, compared, hashed, copied or asked."""

    def _refuse(self, *_: object) -> Any:
        raise RuntimeError("leave me alone")

    __repr__ = __str__ = __eq__ = __hash__ = __bool__ = __len__ = __iter__ = __deepcopy__ = _refuse


class Columns:
    """Like a data frame: any attribute may be a column, which no dict takes as its key."""

    trace_id = [1, 2]  # noqa: RUF012 - that it is mutable is the point


class Memory:
    """A store and a bus that keep what they get."""

    def __init__(self) -> None:
        self.events: list[StoredEvent] = []
        self.envelopes: list[BusEnvelope] = []

    async def save_event(self, event: StoredEvent) -> None:
        self.events.append(event)

    async def load_history(self, trace_id: str) -> list[StoredEvent]:
        return [event for event in self.events if event.trace_id == trace_id]

    async def save_remote_binding(self, binding: object) -> None:
        raise AssertionError("nothing is remote here")

    async def publish(self, envelope: BusEnvelope) -> None:
        self.envelopes.append(envelope)


PAYLOADS: dict[str, Callable[[], Any]] = {
    "a type": lambda: Memory,
    "a set": lambda: {1, 2},
    "a generator": lambda: (n for n in range(3)),
    "a lone surrogate": lambda: "\ud800",
    "not a number": lambda: float("nan"),
    "50 MB": lambda: bytes(50_000_000),
    "10,000 levels": _deep,
    "an unfriendly object": Unfriendly,
    "an object with columns": Columns,
    "a class of its own": lambda: type("Odd", (), {"__slots__": ()})(),
}


@pytest.mark.parametrize("make", PAYLOADS.values(), ids=PAYLOADS.keys())
@pytest.mark.parametrize("bare", [False, True], ids=["in an envelope", "bare"])
async def test_a_payload_of_any_type_travels_however_closely_it_is_watched(
    make: Callable[[], Any], bare: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """C10: payload not JSON-able, 50 MB, 10,000 levels deep: in process, any Python value travels."""
    payload = make()
    told: list[str] = []

    async def reads(event: FlowEvent) -> None:
        told.append(json.dumps(event.to_payload()))

    outside = Memory()
    nodes = [untyped(passes_on, name) for name in "abc"]
    flow = create(
        nodes[0].to(nodes[1]),
        nodes[1].to(nodes[2]),
        middlewares=[reads],
        state_store=outside,
        message_bus=outside,
        emit_errors_to_rookery=True,
    )
    with caplog.at_level(logging.DEBUG, logger="penguiflow.core"):
        async with running(flow):
            await flow.emit(payload if bare else message(payload))
            out = await asyncio.wait_for(flow.fetch(), 5)
            await settled()  # the last node has told its success

    assert (out if bare else out.payload) is payload
    assert len(told) == 9  # start and success of three nodes, and their ends
    assert [e.edge for e in outside.envelopes] == ["OpenSea->a", "a->b", "b->c", "c->Rookery"]
    assert len(outside.events) == 9
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_loop_that_cannot_show_its_iteration_fails_typed_and_the_next_message_goes_on() -> None:
    """C10: an iteration of an unbounded loop is shown as a deep copy, which not every memory allows."""

    async def controls(msg: Message, ctx: Context) -> Message:
        if msg.payload.query == "answer":
            return msg.model_copy(update={"payload": FinalAnswer(text="here")})
        return msg

    node = Node(controls, name="controls", allow_cycle=True, policy=NodePolicy(validate="none"))
    recorder = Recorder()
    flow = create(node.to(node), emit_errors_to_rookery=True, middlewares=[recorder])
    async with running(flow):
        too_deep = WM(query="go on", budget_hops=None).model_copy(update={"facts": [Unfriendly()]})
        await flow.emit(message(too_deep))
        failure = await asyncio.wait_for(flow.fetch(), 5)
        assert failure.code == "NODE_EXCEPTION"
        assert failure.exception_type == "RuntimeError"

        await flow.emit(message(WM(query="answer", budget_hops=None)))
        assert (await flow.fetch()).payload.text == "here"
