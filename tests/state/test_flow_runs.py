"""Stored flow events as the events of a run."""

from __future__ import annotations

from penguiflow.metrics import FlowEvent
from penguiflow.state.events import FlowHappened, from_record, to_record
from penguiflow.state.flow_runs import flow_run
from penguiflow.state.models import StoredEvent


def stored(event_type: str, ts: float, **extra: object) -> StoredEvent:
    event = FlowEvent(
        event_type=event_type,
        ts=ts,
        node_name="parse",
        node_id="n1",
        trace_id="trace-1",
        attempt=1,
        latency_ms=12.5,
        queue_depth_in=2,
        queue_depth_out=0,
        outgoing_edges=1,
        queue_maxsize=64,
        trace_pending=3,
        trace_inflight=1,
        trace_cancelled=False,
        extra=extra,
    )
    return StoredEvent.from_flow_event(event)


def test_events_are_numbered_and_belong_to_their_trace() -> None:
    events = flow_run("trace-1", [stored("node_start", 5.0), stored("node_success", 6.0)])
    assert [(event.run_id, event.trace_id, event.seq, event.ts) for event in events] == [
        ("trace-1", "trace-1", 0, 5.0),
        ("trace-1", "trace-1", 1, 6.0),
    ]


def test_a_payload_becomes_fields_and_what_is_left_details() -> None:
    (event,) = flow_run("trace-1", [stored("node_error", 5.0, exception="no", edge="a->b")])
    body = event.body
    assert isinstance(body, FlowHappened)
    assert (body.event, body.node, body.node_id, body.latency_ms) == ("node_error", "parse", "n1", 12.5)
    assert (body.edge, event.edge) == ("a->b", "a->b")
    assert body.detail["exception"] == "no"
    assert body.detail["q_depth_in"] == 2
    assert not {"ts", "event", "latency_ms", "edge"} & set(body.detail)


def test_fields_of_odd_types_are_left_out() -> None:
    event = StoredEvent(
        trace_id=None,
        ts=1.0,
        kind="x",
        node_name=None,
        node_id=None,
        payload={"latency_ms": "soon", "edge": 3},
    )
    (found,) = flow_run("trace-1", [event])
    assert isinstance(found.body, FlowHappened)
    assert (found.body.latency_ms, found.edge, found.trace_id) == (None, None, "trace-1")


def test_the_events_can_be_stored_like_those_of_any_run() -> None:
    for event in flow_run("trace-1", [stored("node_start", 5.0, exception="no")]):
        assert from_record(to_record(event)) == event
