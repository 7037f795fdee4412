"""What listeners and the log are told."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from penguiflow import FlowEvent, create
from tests.fakes.flows import Gate, Recorder, chain, message, passes_on, running, settled, untyped


async def test_a_hop_is_told_as_start_and_success() -> None:
    recorder = Recorder()
    async with running(
        chain(untyped(passes_on, "a"), untyped(passes_on, "b"), middlewares=[recorder])
    ) as flow:
        sent = message()
        await flow.emit(sent)
        await flow.fetch()
        await settled()

        assert [(e.event_type, e.node_name) for e in recorder.events] == [
            ("node_start", "a"),
            ("node_success", "a"),
            ("node_start", "b"),
            ("node_success", "b"),
        ]
        start, success = recorder.events[:2]
        assert (start.latency_ms, start.attempt, start.trace_id) == (0.0, 0, sent.trace_id)
        assert success.latency_ms is not None
        assert success.latency_ms >= 0
        assert (start.trace_pending, start.trace_inflight, start.trace_cancelled) == (1, 1, False)
        assert (success.trace_pending, success.queue_depth_out, success.outgoing_edges) == (2, 1, 1)
        assert start.queue_maxsize == 64


async def test_the_result_is_queued_before_success_is_told() -> None:
    depths: list[int] = []

    async def look(event: FlowEvent) -> None:
        if event.event_type == "node_success":
            depths.append(event.queue_depth_out)

    async with running(chain(untyped(passes_on, "a"), middlewares=[look])) as flow:
        await flow.emit(1)
        await settled()

        assert depths == [1]


async def test_a_bare_value_has_no_trace_facts() -> None:
    recorder = Recorder()
    async with running(chain(untyped(passes_on, "a"), middlewares=[recorder])) as flow:
        await flow.emit("bare")
        await flow.fetch()

        assert {(e.trace_id, e.trace_pending, e.trace_inflight) for e in recorder.events} == {(None, None, 0)}


async def test_stopping_is_told_per_node() -> None:
    recorder = Recorder()
    async with running(chain(untyped(passes_on, "a"), untyped(passes_on, "b"), middlewares=[recorder])):
        await settled()

    assert [(e.event_type, e.node_name, e.trace_id) for e in recorder.events] == [
        ("node_cancelled", "a", None),
        ("node_cancelled", "b", None),
    ]


async def test_listeners_are_told_one_after_the_other_in_order_of_registration() -> None:
    told: list[str] = []

    def listener(name: str) -> Any:
        async def listen(event: FlowEvent) -> None:
            await asyncio.sleep(0)
            told.append(f"{name} {event.event_type}")

        return listen

    async with running(chain(untyped(passes_on, "a"), middlewares=[listener("first")])) as flow:
        flow.add_middleware(listener("second"))
        await flow.emit(1)
        await settled()

        assert told == ["first node_start", "second node_start", "first node_success", "second node_success"]


@pytest.mark.parametrize("failure", [ValueError("observer"), asyncio.CancelledError()])
async def test_a_listener_that_fails_is_logged_and_nobody_else_notices(
    failure: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(event: FlowEvent) -> None:
        raise failure

    recorder = Recorder()
    async with running(chain(untyped(passes_on, "a"), middlewares=[fails, recorder])) as flow:
        await flow.emit("x")

        assert await flow.fetch() == "x"
        assert recorder.kinds() == ["node_start", "node_success"]
    record = next(r for r in caplog.records if r.message == "middleware_error")
    assert (record.name, record.levelname) == ("penguiflow.core", "ERROR")
    assert record.__dict__["exception"] == repr(failure)
    assert record.__dict__["node_name"] == "a"


async def test_the_log_carries_the_facts_of_the_event(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="penguiflow.core"):
        async with running(chain(untyped(passes_on, "a"))) as flow:
            await flow.emit(message())
            await flow.fetch()
            await settled()

    told = [(r.levelname, r.message, r.__dict__["node_name"]) for r in caplog.records]
    assert told == [
        ("DEBUG", "node_start", "a"),
        ("INFO", "node_success", "a"),
        ("DEBUG", "node_cancelled", "a"),
    ]
    assert caplog.records[1].__dict__["event"] == "node_success"


async def test_a_failure_is_logged_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    async def fails(msg: Any, ctx: Any) -> None:
        raise ValueError("bad")

    async with running(chain(untyped(fails, "a"))) as flow:
        await flow.emit(1)
        await settled()

    assert [(r.levelname, r.message) for r in caplog.records] == [
        ("ERROR", "node_error"),
        ("ERROR", "node_failed"),
    ]
    assert caplog.records[0].exc_info is not None
    assert caplog.records[0].exc_info[0] is ValueError


async def test_a_slow_listener_blocks_only_its_own_node() -> None:
    async def slow(event: FlowEvent) -> None:
        if event.node_name == "slow" and event.event_type == "node_start":
            await asyncio.sleep(100)

    first, other = untyped(passes_on, "slow"), untyped(passes_on, "other")
    async with running(create(first.to(), other.to(), middlewares=[slow])) as flow:
        await flow.emit("x")

        assert await flow.fetch() == "x"
        assert asyncio.get_running_loop().time() < 100


async def test_nothing_is_built_when_nobody_listens() -> None:
    built: list[Any] = []

    class Counting(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            built.append(record)
            return True

    logger = logging.getLogger("penguiflow.core")
    counting = Counting()
    logger.addFilter(counting)
    try:
        gate = Gate()
        gate.opened.set()
        async with running(chain(untyped(gate.wait, "a"))) as flow:
            await flow.emit(message())
            await flow.fetch()
    finally:
        logger.removeFilter(counting)

    assert built == []
