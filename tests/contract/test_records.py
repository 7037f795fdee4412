"""Sections 12 and 13: who is told what, in which order, and how early."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import pytest

from penguiflow import BusEnvelope, FlowEvent, MessageBus, RemoteBinding, StateStore, StoredEvent, create
from tests.fakes.flows import chain, message, passes_on, running, settled, untyped


class Store(StateStore):
    """A store that takes `seconds` for each event, and whose protocol has no initialiser to call."""

    def __init__(self, diary: list[tuple[str, str]], seconds: float = 0.0) -> None:
        self._diary = diary
        self._seconds = seconds

    async def save_event(self, event: StoredEvent) -> None:
        if self._seconds:
            await asyncio.sleep(self._seconds)
        self._diary.append(("store", event.kind))

    async def load_history(self, trace_id: str) -> Sequence[StoredEvent]:
        return []

    async def save_remote_binding(self, binding: RemoteBinding) -> None:
        raise OSError("disk full")


class Bus(MessageBus):
    def __init__(self) -> None:
        self.edges: list[str] = []

    async def publish(self, envelope: BusEnvelope) -> None:
        self.edges.append(envelope.edge)


def diarist(diary: list[tuple[str, str]]) -> Any:
    async def write(event: FlowEvent) -> None:
        diary.append(("middleware", event.event_type))

    return write


FULL_STORY = [(who, what) for what in ("node_start", "node_success") for who in ("store", "middleware")]


@pytest.mark.parametrize("seconds", [0.0, 0.01])
@pytest.mark.parametrize("by_trace", [False, True])
@pytest.mark.parametrize("head_start_s", [None, 0.0, 0.005, 0.015])
async def test_whoever_fetches_a_result_finds_all_of_its_events_told(
    seconds: float, by_trace: bool, head_start_s: float | None
) -> None:
    diary = list[tuple[str, str]]()
    flow = create(
        untyped(passes_on, "n").to(), state_store=Store(diary, seconds), middlewares=[diarist(diary)]
    )

    async with running(flow):
        for _ in range(3):
            sent = message()
            await flow.emit(sent, trace_id=sent.trace_id if by_trace else None)
            if head_start_s is not None:
                await asyncio.sleep(head_start_s)
            await flow.fetch(trace_id=sent.trace_id if by_trace else None)
            assert diary == FULL_STORY
            diary.clear()


async def test_a_stop_right_after_the_fetch_loses_no_event() -> None:
    diary = list[tuple[str, str]]()
    flow = create(untyped(passes_on, "n").to(), state_store=Store(diary), middlewares=[diarist(diary)])

    async with running(flow):
        await flow.emit(message())
        await flow.fetch()

    assert diary == [*FULL_STORY, ("store", "node_cancelled"), ("middleware", "node_cancelled")]


async def test_fetches_that_give_up_while_a_store_is_written_lose_no_result() -> None:
    fetched, given_up = list[Any](), 0

    async with running(create(untyped(passes_on, "n").to(), state_store=Store([], 0.02))) as flow:
        for number in range(5):
            await flow.emit(number)
        while len(fetched) < 5:
            try:
                fetched.append(await asyncio.wait_for(flow.fetch(), 0.003))
            except TimeoutError:
                given_up += 1

    assert fetched == list(range(5))
    assert given_up > 5


@pytest.mark.parametrize("seconds", [0.0, 0.03, 1000.0])
async def test_a_stop_sends_those_away_who_wait_for_a_store(seconds: float) -> None:
    flow = create(untyped(passes_on, "n").to(), state_store=Store([], seconds))
    flow.run()
    waiting = [asyncio.create_task(flow.fetch()) for _ in range(3)]
    waiting.append(asyncio.create_task(flow.fetch(trace_id="T")))
    await settled()
    await flow.emit(1)
    await flow.emit(message(trace_id="T"))
    await asyncio.sleep(0.01)
    await flow.stop(grace_s=1.0)

    outcomes = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 5)
    assert {type(outcome).__name__ for outcome in outcomes} <= {"FlowStopped", "int", "Message"}


async def test_a_bus_has_an_item_when_emit_or_fetch_returns() -> None:
    bus = Bus()

    async with running(chain(untyped(passes_on, "a"), untyped(passes_on, "b"), message_bus=bus)) as flow:
        await flow.emit(message())
        assert bus.edges == ["OpenSea->a"]
        await flow.fetch()
        assert bus.edges == ["OpenSea->a", "a->b", "b->Rookery"]
        flow.emit_nowait("bare")
        await flow.fetch()
        assert bus.edges[3:] == ["OpenSea->a", "a->b", "b->Rookery"]


async def test_middlewares_may_be_any_callable_whose_result_can_be_awaited() -> None:
    heard = list[str]()

    class Listener:
        async def __call__(self, event: FlowEvent) -> None:
            heard.append("object")

        async def method(self, event: FlowEvent) -> None:
            heard.append("method")

    async def tells(name: str) -> None:
        heard.append(name)

    def raises(event: FlowEvent) -> Any:
        raise ValueError("before there is anything to await")

    listener = Listener()
    flow = create(
        untyped(passes_on, "n").to(),
        middlewares=(listener, raises, listener.method, lambda event: tells("lambda")),
    )
    async with running(flow):
        flow.add_middleware(lambda event: tells("added later"))
        await flow.emit(1)
        await flow.fetch()

    assert heard[:8] == ["object", "method", "lambda", "added later"] * 2


async def test_a_list_of_middlewares_can_be_changed_without_changing_the_flow() -> None:
    diary, listeners = list[tuple[str, str]](), list[Any]()
    flow = create(untyped(passes_on, "n").to(), middlewares=listeners)
    listeners.append(diarist(diary))

    async with running(flow):
        await flow.emit(1)
        await flow.fetch()

    assert diary == []


async def test_a_listener_may_emit_and_cancel() -> None:
    async def meddles(event: FlowEvent) -> None:
        if event.event_type == "node_success" and event.trace_id is not None:
            await flow.emit("from the listener")
        if event.event_type == "node_start" and event.trace_id == "unwanted":
            assert await flow.cancel("unwanted")

    flow = create(untyped(passes_on, "n").to(), middlewares=[meddles])
    async with running(flow):
        await flow.emit(message(trace_id="unwanted"))
        await flow.emit(sent := message())

        assert await flow.fetch() is sent
        assert await flow.fetch() == "from the listener"


async def test_log_records_carry_the_event_as_attributes(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="penguiflow.core")

    async def fails(msg: Any, ctx: Any) -> None:
        raise ValueError("boom")

    node = untyped(fails, "n", max_retries=1, backoff_base=2.0)
    async with running(create(node.to(), emit_errors_to_rookery=True)) as flow:
        await flow.emit(sent := message())
        await flow.fetch()

    told = [vars(record) for record in caplog.records if record.name == "penguiflow.core"]
    assert [(r["levelname"], r["msg"], r["attempt"], r["exc_info"] is not None) for r in told] == [
        ("DEBUG", "node_start", 0, False),
        ("ERROR", "node_error", 0, True),
        ("INFO", "node_retry", 1, False),
        ("DEBUG", "node_start", 1, False),
        ("ERROR", "node_error", 1, True),
        ("ERROR", "node_failed", 1, True),
        ("DEBUG", "node_cancelled", 0, False),
    ]
    assert [r["event"] for r in told] == [r["msg"] for r in told]
    assert told[0]["latency_ms"] == 0.0
    assert (told[2]["latency_ms"], told[2]["sleep_s"]) == (None, 2.0)
    assert told[5]["flow_error"]["code"] == "NODE_EXCEPTION"
    assert {r["trace_id"] for r in told[:-1]} == {sent.trace_id}
    assert told[-1]["trace_id"] is None


async def test_a_binding_that_cannot_be_saved_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    flow = create(untyped(passes_on, "n").to(), state_store=Store([]))

    await flow.save_remote_binding(RemoteBinding("t", "c", "task", "http://agent"))

    facts = vars(caplog.records[-1])
    assert facts["event"] == facts["msg"] == "state_store_binding_failed"
    assert [facts[key] for key in ("trace_id", "context_id", "task_id", "agent_url")] == [
        "t",
        "c",
        "task",
        "http://agent",
    ]
    assert facts["exception"] == "OSError('disk full')"
