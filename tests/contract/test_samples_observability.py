"""What the project's first description says of events, errors and guardrails, written as programs."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from penguiflow import FlowError, FlowErrorCode, Message, StructuredFormatter, create, log_flow_events
from tests.fakes.flows import Gate, Recorder, chain, message, passes_on, running, settled, untyped


@pytest.fixture
def json_lines() -> Iterator[io.StringIO]:
    """Write the records of the runtime as JSON lines, as a program that ships its logs does."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(StructuredFormatter())
    logger = logging.getLogger("penguiflow")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield stream
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


async def fails(msg: Message, ctx: Any) -> Message:
    raise LookupError("no such fish")


async def test_every_node_event_carries_the_named_facts() -> None:
    recorder = Recorder()
    async with running(chain(untyped(passes_on, "a"), middlewares=[recorder])) as flow:
        await flow.emit(message(trace_id="t"))
        await flow.fetch()

    named = {"ts", "trace_id", "node_name", "event", "latency_ms", "q_depth_in", "q_depth_out", "attempt"}
    start, success = [event.to_payload() for event in recorder.events if event.trace_id == "t"]
    assert named <= start.keys()
    assert named <= success.keys()
    assert (start["event"], start["latency_ms"], start["trace_inflight"]) == ("node_start", 0.0, 1)
    assert (success["event"], success["node_name"], success["trace_id"]) == ("node_success", "a", "t")


async def test_cancellation_events_carry_the_state_of_the_trace() -> None:
    recorder, gate = Recorder(), Gate()
    fan_out = untyped(gate.wait, "gate").to(untyped(passes_on, "a"), untyped(passes_on, "b"))
    async with running(create(fan_out, middlewares=[recorder])) as flow:
        for _ in range(2):
            await flow.emit(message(trace_id="t"))
        await settled()
        assert await flow.cancel("t")
        await settled()

    start, in_node, finish = [event for event in recorder.events if "cancel" in event.event_type][:3]
    assert (start.event_type, start.node_name, start.node_id) == ("trace_cancel_start", "OpenSea", "OpenSea")
    assert (start.trace_pending, start.trace_inflight, start.trace_cancelled) == (2, 1, True)
    assert dict(start.extra) == {"pending": 2}
    assert (in_node.event_type, in_node.node_name, in_node.outgoing_edges) == (
        "node_trace_cancelled", "gate", 2
    )  # fmt: skip
    assert (finish.event_type, finish.node_name) == ("trace_cancel_finish", "Rookery")
    assert (finish.trace_pending, finish.trace_inflight, finish.trace_cancelled) == (0, 0, False)


async def test_the_events_of_a_retried_and_failed_node_are_json_lines(json_lines: io.StringIO) -> None:
    node = untyped(fails, "fish", max_retries=1, backoff_base=0.5)
    async with running(chain(node, emit_errors_to_rookery=True)) as flow:
        await flow.emit(message(trace_id="t"))
        await flow.fetch()

    lines = [json.loads(line) for line in json_lines.getvalue().splitlines()]
    lines = [line for line in lines if line["extra"]["trace_id"] == "t"]
    assert [(line["message"], line["level"], line["extra"]["attempt"]) for line in lines] == [
        ("node_start", "DEBUG", 0), ("node_error", "ERROR", 0), ("node_retry", "INFO", 1),
        ("node_start", "DEBUG", 1), ("node_error", "ERROR", 1), ("node_failed", "ERROR", 1),
    ]  # fmt: skip
    assert {line["logger"] for line in lines} == {"penguiflow.core"}
    assert all(line["extra"]["event"] == line["message"] for line in lines)
    assert ["exception" in line for line in lines] == [False, True, False, False, True, True]
    retry, failed = lines[2]["extra"], lines[5]["extra"]
    assert (retry["sleep_s"], retry["latency_ms"]) == (0.5, None)
    assert failed["exception"] == "LookupError('no such fish')"
    assert failed["flow_error"]["code"] == "NODE_EXCEPTION"


async def test_errors_reach_the_caller_who_opts_in() -> None:
    async with running(chain(untyped(fails, "fish"), emit_errors_to_rookery=True)) as flow:
        await flow.emit(message(trace_id="t"))
        error = await flow.fetch()

    assert isinstance(error, FlowError)
    assert (error.trace_id, error.node_name, error.code) == ("t", "fish", FlowErrorCode.NODE_EXCEPTION)
    assert str(error) == ("[NODE_EXCEPTION] Node 'fish' raised LookupError: no such fish trace=t node=fish")
    assert isinstance(error.unwrap(), LookupError)
    assert error.to_payload()["metadata"]["attempt"] == 0


async def test_a_timeout_is_an_error_with_its_own_code() -> None:
    node = untyped(Gate().wait, "slow", timeout_s=0.25)
    async with running(chain(node, emit_errors_to_rookery=True)) as flow:
        await flow.emit(message())
        error = await flow.fetch()
    assert (error.code, error.message) == ("NODE_TIMEOUT", "Node 'slow' timed out after 0.25s")


async def test_one_trace_is_cancelled_while_others_keep_executing() -> None:
    gate = Gate()
    async with running(chain(untyped(gate.wait, "gate", max_concurrency=2))) as flow:
        doomed, spared = message("doomed"), message("spared")
        await flow.emit(doomed)
        await flow.emit(spared)
        await settled()
        assert await flow.cancel(doomed.trace_id)
        gate.opened.set()
        assert await flow.fetch() == spared
        assert gate.cancelled == [doomed]
        assert await flow.cancel(doomed.trace_id) is False


async def test_the_logging_middleware_observes_a_flow_and_times_it() -> None:
    heard: list[tuple[str, str | None]] = []
    observer = log_flow_events(
        latency_callback=lambda kind, latency_ms, event: heard.append((kind, event.node_name))
    )
    async with running(chain(untyped(passes_on, "a"), untyped(fails, "b"), middlewares=[observer])) as flow:
        await flow.emit(message(trace_id="t"))
        with pytest.raises(FlowError):
            await flow.outcome("t")
    assert heard == [("node_success", "a"), ("node_error", "b")]
