"""Flow events as values, as log records and as text, to the letter."""

from __future__ import annotations

import dataclasses
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from penguiflow import (
    ExtraFormatter,
    FlowEvent,
    StructuredFormatter,
    configure_logging,
    format_flow_event,
    log_flow_events,
)

FACTS: dict[str, Any] = {
    "event_type": "node_error", "ts": 12.5, "node_name": "parse", "node_id": "n1", "trace_id": "t1",
    "attempt": 2, "latency_ms": 3.5, "queue_depth_in": 4, "queue_depth_out": 1, "outgoing_edges": 2,
    "queue_maxsize": 64, "trace_pending": 5, "trace_inflight": 1, "trace_cancelled": False,
}  # fmt: skip


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    owned = logging.getLogger("penguiflow.contract")
    yield owned
    owned.handlers.clear()
    owned.setLevel(logging.NOTSET)
    owned.propagate = True


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def record_of(message: str = "done", **extra: object) -> logging.LogRecord:
    record = logging.LogRecord("app", logging.WARNING, __file__, 1, message, (), None)
    record.created = 0.5
    vars(record).update(extra)
    return record


def test_the_payload_is_flat_and_extra_wins() -> None:
    event = FlowEvent(**FACTS, extra={"attempt": "mine", "note": 1})

    assert list(event.to_payload().items()) == [
        ("ts", 12.5), ("event", "node_error"), ("node_name", "parse"), ("node_id", "n1"),
        ("trace_id", "t1"), ("latency_ms", 3.5), ("q_depth_in", 4), ("q_depth_out", 1),
        ("q_depth_total", 5), ("outgoing", 2), ("queue_maxsize", 64), ("attempt", "mine"),
        ("trace_inflight", 1), ("trace_cancelled", False), ("trace_pending", 5), ("note", 1),
    ]  # fmt: skip
    assert "trace_pending" not in FlowEvent(**{**FACTS, "trace_pending": None}).to_payload()


def test_samples_are_numbers_and_tags_are_texts() -> None:
    event = FlowEvent(**FACTS, extra={"latency_ms": "21.0", "retry": True, "n": 1.5, "many": [1]})

    assert event.metric_samples() == {
        "queue_depth_in": 4.0, "queue_depth_out": 1.0, "queue_depth_total": 5.0, "attempt": 2.0,
        "trace_inflight": 1.0, "trace_cancelled": 0.0, "trace_pending": 5.0, "latency_ms": 21.0,
    }  # fmt: skip
    assert all(type(sample) is float for sample in event.metric_samples().values())
    assert event.tag_values() == {
        "event_type": "node_error", "node_name": "parse", "node_id": "n1", "trace_id": "t1",
        "latency_ms": "21.0", "retry": "True", "n": "1.5",
    }  # fmt: skip
    bare = FlowEvent(**{**FACTS, "node_name": None, "node_id": None, "trace_id": None, "latency_ms": None})
    assert bare.tag_values() == {"event_type": "node_error"}
    assert "latency_ms" not in bare.metric_samples()


def test_an_event_is_frozen_with_a_copy_of_its_extra() -> None:
    extra = {"flow_error": {"code": "E"}}
    event = FlowEvent(**FACTS, extra=extra)
    extra["more"] = {}

    assert dict(event.extra) == {"flow_error": {"code": "E"}}
    with pytest.raises(TypeError):
        event.extra["x"] = 1  # type: ignore[index]  # that it refuses is the point
    assert event.error_payload == {"code": "E"}
    with pytest.raises(TypeError):
        event.error_payload["x"] = 1  # type: ignore[index]  # as above
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.ts = 1.0  # type: ignore[misc]  # as above
    assert FlowEvent(**FACTS).error_payload is None
    assert FlowEvent(**FACTS, extra={"flow_error": "text"}).error_payload is None


def test_a_formatted_event_names_each_fact_of_its_error() -> None:
    event = FlowEvent(**FACTS, extra={"flow_error": {"code": "E", "message": "no"}})

    shown = format_flow_event(event)

    assert shown == {
        **event.to_payload(), "flow_error": {"code": "E", "message": "no"},
        "flow_error_code": "E", "flow_error_message": "no",
    }  # fmt: skip
    assert type(shown["flow_error"]) is dict
    assert format_flow_event(FlowEvent(**FACTS)) == FlowEvent(**FACTS).to_payload()


async def test_attempts_are_logged_with_their_levels_and_payloads(logger: logging.Logger) -> None:
    kept = Kept()
    logger.addHandler(kept)
    logger.setLevel(logging.DEBUG)
    heard: list[tuple[str, float, FlowEvent]] = []
    observe = log_flow_events(
        logger, start_level=10, success_level=25, latency_callback=lambda *told: heard.append(told)
    )
    failure = FlowEvent(**FACTS, extra={"flow_error": {"code": "E"}})
    for kind in ("node_start", "node_success", "node_retry", "node_failed", "trace_cancel_start"):
        await observe(FlowEvent(**{**FACTS, "event_type": kind}))
    await observe(failure)

    assert [(r.getMessage(), r.levelno) for r in kept.records] == [
        ("node_start", 10), ("node_success", 25), ("node_error", 40)
    ]  # fmt: skip
    told = vars(kept.records[-1])
    assert {key: told[key] for key in failure.to_payload()} == failure.to_payload()
    assert told["error_payload"] == {"code": "E"}
    assert [(kind, latency) for kind, latency, _ in heard] == [("node_success", 3.5), ("node_error", 3.5)]
    assert heard[-1][2] is failure


async def test_a_latency_callback_that_raises_is_logged_and_swallowed(logger: logging.Logger) -> None:
    kept = Kept()
    logger.addHandler(kept)
    logger.setLevel(logging.INFO)

    def refuse(*_told: object) -> None:
        raise ValueError("no")

    await log_flow_events(logger, latency_callback=refuse)(FlowEvent(**FACTS))

    name = "log_flow_events_latency_callback_error"
    facts = {key: vars(kept.records[-1])[key] for key in ("event", "node_name", "node_id", "trace_id")}
    assert kept.records[-1].getMessage() == name
    assert facts == {"event": name, "node_name": "parse", "node_id": "n1", "trace_id": "t1"}


def test_structured_records_are_json_objects() -> None:
    entry = json.loads(StructuredFormatter().format(record_of("güt", node="a", error=ValueError("x"))))
    assert list(entry.items()) == [
        ("level", "WARNING"), ("logger", "app"), ("message", "güt"),
        ("timestamp", "1970-01-01T00:00:00.500000+00:00"), ("extra", {"node": "a", "error": "x"}),
    ]  # fmt: skip
    assert StructuredFormatter(include_timestamp=False).format(record_of("güt")) == (
        '{"level": "WARNING", "logger": "app", "message": "güt"}'
    )
    assert StructuredFormatter(False, 2).format(record_of()).startswith('{\n  "level": "WARNING",')
    assert {"taskName", "message", "msg", "args", "exc_info"} <= StructuredFormatter.STANDARD_FIELDS


def test_extras_follow_the_line() -> None:
    formatter = ExtraFormatter("%(levelname)s %(message)s")

    assert formatter.format(record_of()) == "WARNING done"
    assert formatter.format(record_of(k="str", n=1)) == 'WARNING done [k="str", n=1]'
    assert formatter.format(record_of(k="x" * 101)) == f'WARNING done [k="{"x" * 100}..."]'
    assert formatter.format(record_of(k="x" * 100)) == f'WARNING done [k="{"x" * 100}"]'
    assert ExtraFormatter().format(record_of(k=None)) == "done [k=None]"


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({}, 'WARNING:penguiflow.contract:late [node="a"]'),
        ({"include_extras": False}, "WARNING:penguiflow.contract:late"),
    ],
)
def test_configured_loggers_have_one_handler(
    logger: logging.Logger, options: dict[str, bool], line: str
) -> None:
    logger.addHandler(Kept())
    configure_logging("WARNING", logger_name=logger.name, **options)
    (handler,) = logger.handlers
    assert type(handler) is logging.StreamHandler
    assert (logger.level, handler.level, logger.propagate) == (logging.WARNING, logging.WARNING, False)

    stream = io.StringIO()
    handler.setStream(stream)
    logger.info("early")
    logger.warning("late", extra={"node": "a"})
    assert stream.getvalue() == f"{line}\n"


def test_a_configured_logger_may_write_json(logger: logging.Logger) -> None:
    configure_logging(logging.INFO, structured=True, logger_name=logger.name)
    assert type(logger.handlers[0].formatter) is StructuredFormatter
