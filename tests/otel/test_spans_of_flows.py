"""What flows told, as spans; outside of any run each trace of a flow is a trace of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from penguiflow.sessions.projections.otel_spans import SessionSpans, spans_of
from penguiflow.sessions.projections.otel_values import SpanValue, trace_id_of
from penguiflow.state.events import FlowHappened, RunEvent
from tests.fakes.history import event_at, run_of

S = 10**9


def told(event: str, node: str | None = "clean", trace: str | None = "t", **more: Any) -> FlowHappened:
    node_id = None if node is None else f"id-{node}"
    return FlowHappened(event=event, trace_id=trace, node=node, node_id=node_id, **more)


def shape(spans: Sequence[SpanValue]) -> list[tuple[str, float, float, object]]:
    return [
        (span.name, span.start_ns / S, span.end_ns / S, span.attributes.get("error.type")) for span in spans
    ]


FLOWS: dict[str, tuple[list[FlowHappened], list[tuple[str, float, float, object]]]] = {
    "a node that succeeds": (
        [told("node_start"), told("node_success")],
        [("node clean", 0, 1, None), ("invoke_workflow", 0, 1, None)],
    ),
    "two nodes side by side": (
        [
            told("node_start", "a"),
            told("node_start", "b"),
            told("node_success", "a"),
            told("node_success", "b"),
        ],
        [("node a", 0, 2, None), ("node b", 1, 3, None), ("invoke_workflow", 0, 3, None)],
    ),
    "each attempt is a span": (
        [
            told("node_start"),
            told("node_error", detail={"exception": "KeyError('x')"}),
            told("node_retry"),
            told("node_start", detail={"attempt": 1}),
            told("node_success", detail={"attempt": 1}),
        ],
        [("node clean", 0, 1, "KeyError"), ("node clean", 3, 4, None), ("invoke_workflow", 0, 4, None)],
    ),
    "a failure for good fails the trace": (
        [
            told("node_start"),
            told("node_error", detail={"exception": "KeyError('x')"}),
            told("node_failed", detail={"exception": "KeyError('x')"}),
        ],
        [("node clean", 0, 1, "KeyError"), ("invoke_workflow", 0, 2, "KeyError")],
    ),
    "a node that takes too long": (
        [told("node_start"), told("node_timeout")],
        [("node clean", 0, 1, "timeout"), ("invoke_workflow", 0, 1, None)],
    ),
    "a cancelled trace": (
        [
            told("node_start"),
            told("trace_cancel_start", "OpenSea"),
            told("node_trace_cancelled"),
            told("trace_cancel_finish", "Rookery"),
        ],
        [("node clean", 0, 2, "cancelled"), ("invoke_workflow", 0, 3, "cancelled")],
    ),
    "a visit without an end is cut off": (
        [told("node_start", "a"), told("node_start", "b"), told("node_success", "b")],
        [("node b", 1, 2, None), ("node a", 0, 2, "interrupted"), ("invoke_workflow", 0, 2, None)],
    ),
    "a visit without a start takes as long as it says": (
        [told("node_start", "a"), told("node_success", "b", latency_ms=250.0), told("node_success", "a")],
        [("node b", 0.75, 1, None), ("node a", 0, 2, None), ("invoke_workflow", 0, 2, None)],
    ),
    "a skipped item is a mark": ([told("deadline_skip")], [("invoke_workflow", 0, 0, None)]),
    "workers that end without an item tell nothing": ([told("node_cancelled", trace=None)], []),
}


@pytest.mark.parametrize("name", FLOWS)
def test_the_spans_of_a_flow(name: str) -> None:
    bodies, expected = FLOWS[name]

    assert shape(spans_of(run_of(*bodies))) == expected


def test_each_trace_is_a_trace_of_its_own_with_its_nodes_in_it() -> None:
    mixed = [told(event, trace=trace) for event in ("node_start", "node_success") for trace in ("t", "u")]
    spans = spans_of(run_of(*mixed, session_id=""))

    for trace in ("t", "u"):
        node, workflow = [span for span in spans if span.attributes["penguiflow.flow.trace_id"] == trace]
        assert (workflow.trace_id, workflow.parent_id) == (trace_id_of(trace), None)
        assert (node.trace_id, node.parent_id) == (workflow.trace_id, workflow.span_id)
        assert node.attributes["penguiflow.node.id"] == "id-clean"
        assert "gen_ai.conversation.id" not in node.attributes
    assert len({span.span_id for span in spans}) == 4


def test_marks_name_their_node() -> None:
    (workflow,) = spans_of(run_of(told("deadline_skip", detail={"deadline_s": 3.0})))

    assert [(mark.name, dict(mark.attributes)) for mark in workflow.marks] == [
        ("penguiflow.deadline_skip", {"penguiflow.node.name": "clean", "penguiflow.node.id": "id-clean"})
    ]


def test_a_trace_that_was_still_for_a_minute_is_over_when_something_else_happens() -> None:
    def at(ts: float, seq: int, body: FlowHappened) -> RunEvent:
        return event_at(seq, body, ts=ts)

    live = SessionSpans()
    quiet = [at(0, 0, told("node_start")), at(1, 1, told("node_success"))]
    busy = [at(2, 2, told("node_start", "slow", trace="busy"))]
    assert shape([span for event in (*quiet, *busy) for span in live.take(event)]) == [
        ("node clean", 0, 1, None)
    ]

    later = live.take(at(70, 3, told("node_start", trace="new")))

    assert shape(later) == [("invoke_workflow", 0, 1, None)]
    again = [*live.take(at(71, 4, told("node_start"))), *live.take(at(72, 5, told("node_success")))]
    whole = [*later, *again, *live.close_flows()]
    assert len({span.span_id for span in whole}) == len(whole)
    assert [span.attributes["penguiflow.flow.trace_id"] for span in whole if "workflow" in span.name] == [
        "t",
        "busy",
        "new",
        "t",
    ]
