from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow._ids import new_id
from penguiflow.sessions.projections.otel_times import RunTimes, before
from penguiflow.sessions.projections.otel_values import (
    TraceParent,
    parse_traceparent,
    span_id_of,
    trace_id_of,
)
from penguiflow.state.events import EventBody, PersonAnswered, RunEvent, StepStarted
from tests.fakes.history import asked, event_at

STEP = StepStarted(step=1)
ANSWERED = PersonAnswered(request_id="r", decision="approve")
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


def at(ts: float, elapsed_ms: float | None, body: EventBody = STEP) -> RunEvent:
    return replace(event_at(0, body, ts=ts), elapsed_ms=elapsed_ms)


TIMES: dict[str, tuple[list[RunEvent], list[float]]] = {
    "the wall clock counts where there is no other": ([at(10, None), at(12.5, None)], [10, 12.5]),
    "the monotonic clock counts from the first event": ([at(10, 0, asked()), at(99, 2_500)], [10, 12.5]),
    "it counts from any first event": ([at(10, 400), at(99, 900)], [10, 10.5]),
    "an answer begins a new stretch": (
        [at(10, 0, asked()), at(11, 1_000), at(60, 0, ANSWERED), at(0, 250)],
        [10, 11, 60, 60.25],
    ),
    "an answer in the same process does so, too": (
        [at(10, 0, asked()), at(11, 1_000), at(70, 50_000, ANSWERED), at(0, 50_500)],
        [10, 11, 70, 70.5],
    ),
    "a clock that began anew is noticed": (
        [at(10, 0), at(11, 1_000), at(30, 10), at(0, 510)],
        [10, 11, 30, 30.5],
    ),
    "nothing happened before what came first": ([at(10, None), at(5, None), at(11, None)], [10, 10, 11]),
    "a wall clock set back between stretches": (
        [at(10, 0, asked()), at(0, 2_000), at(4, 0, ANSWERED), at(0, 500)],
        [10, 12, 12, 12],
    ),
}


@pytest.mark.parametrize("name", TIMES)
def test_when_events_happened(name: str) -> None:
    events, expected = TIMES[name]
    times = RunTimes()

    assert [times.at(event) / 1e9 for event in events] == expected


@pytest.mark.parametrize(
    ("latency_ms", "not_before", "began"),
    [(1.0, 0, 4_000_000), (None, 0, 5_000_000), (-3.0, 0, 5_000_000), (99.0, 2_000_000, 2_000_000)],
)
def test_when_something_began(latency_ms: float | None, not_before: int, began: int) -> None:
    assert before(5_000_000, latency_ms, not_before=not_before) == began


PARENTS = [
    (f"00-{TRACE}-{SPAN}-01", True),
    (f" 00-{TRACE}-{SPAN}-00 ", False),
    (f"00-{TRACE}-{SPAN}-03", True),
    (f"cc-{TRACE}-{SPAN}-01-what-comes-later", True),
]


@pytest.mark.parametrize(("header", "sampled"), PARENTS)
def test_a_traceparent_is_read(header: str, sampled: bool) -> None:
    expected = TraceParent(trace_id=int(TRACE, 16), span_id=int(SPAN, 16), sampled=sampled)

    assert parse_traceparent(header) == expected


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "hello",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-1",
    ],
)
def test_what_is_no_traceparent_counts_as_none(header: str | None) -> None:
    assert parse_traceparent(header) is None


@given(st.text())
def test_any_text_is_a_traceparent_or_none(header: str) -> None:
    parse_traceparent(header)


@given(st.text(), st.text())
def test_ids_follow_from_the_run_and_fit(run_id: str, part: str) -> None:
    assert trace_id_of(run_id) == trace_id_of(run_id)
    assert 0 < trace_id_of(run_id) < 2**128
    assert 0 < span_id_of(run_id, part) < 2**64
    assert span_id_of(run_id, part) != span_id_of(run_id, part, 1)


def test_the_low_bits_of_trace_ids_are_spread_so_that_a_share_can_be_sampled() -> None:
    low_halves = [trace_id_of(new_id()) & (2**64 - 1) for _ in range(400)]

    assert 120 < sum(half < 2**63 for half in low_halves) < 280
