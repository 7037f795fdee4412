"""The middleware that logs attempts."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from penguiflow import FlowEvent
from penguiflow.middlewares import Middleware, log_flow_events
from tests.fakes.flows import chain, message, passes_on, running, settled, untyped
from tests.observing.flow_events import event


async def test_start_success_and_error_are_logged_at_their_levels(caplog: pytest.LogCaptureFixture) -> None:
    listen = log_flow_events(
        start_level=logging.DEBUG, success_level=logging.INFO, error_level=logging.WARNING
    )

    with caplog.at_level(logging.DEBUG, logger="penguiflow.flow"):
        for kind in ("node_start", "node_success", "node_error"):
            await listen(event(kind))

    assert [(r.name, r.levelname, r.getMessage()) for r in caplog.records] == [
        ("penguiflow.flow", "DEBUG", "node_start"),
        ("penguiflow.flow", "INFO", "node_success"),
        ("penguiflow.flow", "WARNING", "node_error"),
    ]


@pytest.mark.parametrize("kind", ["node_retry", "node_failed", "node_timeout", "trace_cancel_start"])
async def test_other_events_are_left_to_other_listeners(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    told: list[str] = []

    with caplog.at_level(logging.DEBUG):
        await log_flow_events(latency_callback=lambda name, ms, _: told.append(name))(event(kind))

    assert (caplog.records, told) == ([], [])


async def test_the_payload_of_the_event_becomes_attributes_of_the_record(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        await log_flow_events()(event("node_success"))

    facts = vars(caplog.records[0])
    assert {key: facts[key] for key in ("event", "node_name", "trace_id", "latency_ms", "trace_pending")} == {
        "event": "node_success",
        "node_name": "n",
        "trace_id": "t",
        "latency_ms": 12.5,
        "trace_pending": 1,
    }


async def test_a_record_of_an_error_holds_its_payload_as_plain_dict(
    caplog: pytest.LogCaptureFixture,
) -> None:
    failed = event("node_error", extra={"flow_error": {"code": "X", "message": "broken"}})

    with caplog.at_level(logging.INFO):
        await log_flow_events()(failed)
        await log_flow_events()(event("node_error"))

    with_payload, without = (vars(record) for record in caplog.records)
    assert with_payload["error_payload"] == {"code": "X", "message": "broken"}
    assert type(with_payload["error_payload"]) is dict
    assert "error_payload" not in without


async def test_a_logger_of_ones_own_gets_the_records(
    spare_logger: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        await log_flow_events(spare_logger)(event("node_start"))

    assert [record.name for record in caplog.records] == [spare_logger.name]


async def test_the_callback_gets_the_latency_of_attempts_that_ended() -> None:
    told: list[tuple[str, float, FlowEvent]] = []
    listen = log_flow_events(
        latency_callback=lambda kind, ms, flow_event: told.append((kind, ms, flow_event))
    )
    started, succeeded, failed = (
        event("node_start"),
        event("node_success"),
        event("node_error", latency_ms=3.0),
    )

    for each in (started, succeeded, failed, event("node_success", latency_ms=None)):
        await listen(each)

    assert told == [("node_success", 12.5, succeeded), ("node_error", 3.0, failed)]


async def test_a_callback_that_raises_is_logged_and_forgotten(caplog: pytest.LogCaptureFixture) -> None:
    def broken(kind: str, latency_ms: float, flow_event: FlowEvent) -> None:
        raise RuntimeError("sink is full")

    with caplog.at_level(logging.ERROR):
        await log_flow_events(latency_callback=broken)(event("node_success"))

    (record,) = caplog.records
    name = "log_flow_events_latency_callback_error"
    facts = vars(record)
    assert record.getMessage() == name
    assert (facts["event"], facts["node_name"], facts["node_id"], facts["trace_id"]) == (name, "n", "id", "t")
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "sink is full"


async def test_a_flow_tells_the_middleware_about_each_attempt(caplog: pytest.LogCaptureFixture) -> None:
    latencies: list[str] = []
    listen = log_flow_events(latency_callback=lambda kind, ms, flow_event: latencies.append(kind))
    tries: list[object] = []

    async def flaky(msg: Any, ctx: Any) -> Any:
        tries.append(msg)
        if len(tries) == 1:
            raise RuntimeError("first time")
        return msg

    flow = chain(untyped(flaky, "flaky", max_retries=1), untyped(passes_on, "last"), middlewares=[listen])
    with caplog.at_level(logging.INFO, logger="penguiflow.flow"):
        async with running(flow):
            await flow.emit(message())
            await flow.fetch()
            await settled()

    own = [record for record in caplog.records if record.name == "penguiflow.flow"]
    assert [(record.getMessage(), vars(record)["node_name"]) for record in own] == [
        ("node_start", "flaky"),
        ("node_error", "flaky"),
        ("node_start", "flaky"),
        ("node_success", "flaky"),
        ("node_start", "last"),
        ("node_success", "last"),
    ]
    assert latencies == ["node_error", "node_success", "node_success"]


def test_the_result_is_a_middleware() -> None:
    assert isinstance(log_flow_events(), Middleware)
