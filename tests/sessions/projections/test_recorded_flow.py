"""The trace of a flow as a recorded run."""

from __future__ import annotations

from typing import Any

import pytest

from penguiflow.sessions.projections.diff import diff_runs
from penguiflow.sessions.projections.recorded_flow import is_flow, recorded
from penguiflow.state.events import FlowHappened
from tests.fakes.history import asked, run_of


def happened(*events: str) -> list[FlowHappened]:
    """Events written as `NODE EVENT`."""
    detail: dict[str, Any] = {"exception": "ValueError('no')"}
    return [
        FlowHappened(
            event=event,
            node=node,
            latency_ms=3.0,
            detail=detail if event in ("node_error", "node_failed") else {},
        )
        for node, event in (each.split() for each in events)
    ]


@pytest.mark.parametrize(
    ("events", "calls", "end"),
    [
        (["a node_start", "a node_success"], ["a ended"], "finished"),
        (["a node_start"], ["a works"], "running"),
        (
            ["a node_start", "b node_start", "a node_success", "b node_success"],
            ["a ended", "b ended"],
            "finished",
        ),
        (
            ["a node_start", "a node_error", "a node_retry", "a node_start", "a node_success"],
            ["a ValueError('no')", "a ended"],
            "finished",
        ),
        (["a node_start", "a node_timeout"], ["a the node took too long"], "finished"),
        (["a deadline_skip"], ["a the deadline had passed"], "finished"),
        (
            ["a node_start", "a node_trace_cancelled", "R trace_cancel_finish"],
            ["a the trace was cancelled"],
            "interrupted",
        ),
    ],
)
def test_each_attempt_of_a_node_is_a_call(events: list[str], calls: list[str], end: str) -> None:
    run = recorded(run_of(*happened(*events)))
    shown = [f"{call.tool} {call.error or ('ended' if call.ended else 'works')}" for call in run.calls]
    assert (shown, run.end) == (calls, end)


def test_two_attempts_at_once_end_in_the_order_in_which_they_began() -> None:
    events = happened("a node_start", "a node_start", "a node_success", "a node_error")
    run = recorded(run_of(*events))
    assert [call.error for call in run.calls] == [None, "ValueError('no')"]


def test_only_what_a_flow_alone_told_is_a_trace() -> None:
    assert is_flow(run_of(*happened("a node_start")))
    assert not is_flow(run_of(asked(), *happened("a node_start")))
    assert not is_flow([])


def test_two_traces_are_compared_node_by_node() -> None:
    well = recorded(run_of(*happened("a node_start", "a node_success", "b node_start", "b node_success")))
    badly = recorded(run_of(*happened("a node_start", "a node_success", "b node_start", "b node_error")))
    diff = diff_runs(well, badly)
    assert [call.state for call in diff.calls] == ["same", "changed"]
    assert diff.first_divergence is not None
    assert diff.first_divergence.text == "`b` failed"
    assert not diff_runs(well, well).changed
