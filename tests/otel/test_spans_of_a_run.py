"""Which spans a run has, as far as that follows from its events alone."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from penguiflow.sessions.projections.otel_spans import SessionSpans, spans_of
from penguiflow.sessions.projections.otel_values import SpanValue, parse_traceparent
from penguiflow.state.events import (
    EventBody,
    FlowHappened,
    MemoryChanged,
    ModelCalled,
    PersonAnswered,
    PlannerNoted,
    RunEvent,
    RunFailed,
    RunFinished,
    RunInterrupted,
    StepStarted,
    ToolFinished,
    ToolStarted,
)
from tests.fakes.history import answered, asked, person_asked, run_of

S = 10**9


def model_called() -> ModelCalled:
    return ModelCalled(step=1, attempt=1, latency_ms=500.0, model="openai/gpt-4o")


def tool_started(call_id: str = "c1", tool: str = "look") -> ToolStarted:
    return ToolStarted(step=1, call_id=call_id, tool=tool, args={"q": "tea"})


def tool_finished(call_id: str = "c1", tool: str = "look", error: str | None = None) -> ToolFinished:
    return ToolFinished(step=1, call_id=call_id, tool=tool, error=error, latency_ms=250.0, result_chars=7)


def shape(spans: Sequence[SpanValue]) -> list[tuple[str, float, float]]:
    """Name, beginning and length in seconds."""
    return [(span.name, span.start_ns / S, (span.end_ns - span.start_ns) / S) for span in spans]


RUNS: dict[str, tuple[list[EventBody], list[tuple[str, float, float]]]] = {
    "nothing but an answer": ([asked(), answered()], [("invoke_agent helper", 0, 1)]),
    "a model call takes as long as it says": (
        [asked(), model_called(), answered()],
        [("chat openai/gpt-4o", 0.5, 0.5), ("invoke_agent helper", 0, 2)],
    ),
    "a model call began no earlier than its run": (
        [asked(), ModelCalled(step=1, attempt=1, latency_ms=9_000.0, model="m"), answered()],
        [("chat m", 0, 1), ("invoke_agent helper", 0, 2)],
    ),
    "a tool takes from its start to its end": (
        [asked(), tool_started(), StepStarted(step=2), tool_finished(), answered()],
        [("execute_tool look", 1, 2), ("invoke_agent helper", 0, 4)],
    ),
    "a tool whose start is unknown takes as long as it says": (
        [asked(), tool_finished(), answered()],
        [("execute_tool look", 0.75, 0.25), ("invoke_agent helper", 0, 2)],
    ),
    "calls of a plan overlap": (
        [asked(), tool_started("a"), tool_started("b"), tool_finished("a"), tool_finished("b"), answered()],
        [("execute_tool look", 1, 2), ("execute_tool look", 2, 2), ("invoke_agent helper", 0, 5)],
    ),
    "a person is waited for": (
        [asked(), person_asked(), PersonAnswered(request_id="request-1", decision="approve"), answered()],
        [("await_person", 1, 1), ("invoke_agent helper", 0, 3)],
    ),
    "what goes on when a run is stopped ends with it": (
        [asked(), tool_started(), RunInterrupted()],
        [("execute_tool look", 1, 1), ("invoke_agent helper", 0, 2)],
    ),
    "a question that is given up ends with the run": (
        [asked(), person_asked(), RunInterrupted()],
        [("await_person", 1, 1), ("invoke_agent helper", 0, 2)],
    ),
    "events without a run have no span": ([StepStarted(step=1), answered()], []),
}


@pytest.mark.parametrize("name", RUNS)
def test_the_spans_of_a_run(name: str) -> None:
    bodies, expected = RUNS[name]

    assert shape(spans_of(run_of(*bodies))) == expected


def test_every_span_of_a_run_lies_in_its_trace_below_its_span() -> None:
    bodies = (asked(), model_called(), tool_started(), tool_finished(), person_asked())
    *inner, root = spans_of(run_of(*bodies, PersonAnswered(request_id="request-1", decision="reject")))

    assert root.name == "invoke_agent helper"
    assert (root.parent_id, {span.parent_id for span in inner}) == (None, {root.span_id})
    assert {span.trace_id for span in inner} == {root.trace_id}
    assert len({span.span_id for span in inner}) == len(inner) == 3
    assert all(span.attributes["gen_ai.conversation.id"] == "session-1" for span in (*inner, root))
    assert all(span.attributes["penguiflow.run.id"] == "run-1" for span in (*inner, root))


def test_the_same_call_id_twice_is_two_spans() -> None:
    bodies = (asked(), tool_started(), tool_finished(), tool_started(), tool_finished(), answered())
    first, second, _ = spans_of(run_of(*bodies))

    assert first.span_id != second.span_id


ENDS: list[tuple[EventBody, bool, dict[str, object]]] = [
    (
        answered(),
        False,
        {"penguiflow.run.outcome": "answered", "penguiflow.run.end_reason": "answer_complete"},
    ),
    (
        RunFinished(reason="no_path", answer="", steps=3, llm_calls=2, latency_ms=1.0, cost_usd=0.25),
        False,
        {"penguiflow.run.outcome": "stopped", "penguiflow.run.steps": 3, "penguiflow.cost_usd": 0.25},
    ),
    (
        RunFailed(code="llm_auth", message="the key is wrong"),
        True,
        {"penguiflow.run.outcome": "failed", "error.type": "llm_auth"},
    ),
    (
        RunFailed(code="agent_error", message="KeyError: 'name'"),
        True,
        {"penguiflow.run.outcome": "failed", "error.type": "KeyError"},
    ),
    (RunInterrupted(), False, {"penguiflow.run.outcome": "interrupted"}),
]


@pytest.mark.parametrize(("end", "failed", "told"), ENDS)
def test_how_a_run_ended_is_told(end: EventBody, failed: bool, told: dict[str, object]) -> None:
    (span,) = spans_of(run_of(asked(), end))

    assert span.failed is failed
    assert told.items() <= span.attributes.items()


def test_a_run_ends_once_whatever_comes_behind() -> None:
    spans = spans_of(run_of(asked(), answered(), RunInterrupted(), model_called(), answered()))

    assert [span.name for span in spans] == ["invoke_agent helper", "chat openai/gpt-4o"]


@pytest.mark.parametrize(
    ("bodies", "outcome"), [((asked(), person_asked()), "waiting"), ((asked(), model_called()), "unfinished")]
)
def test_a_run_that_has_not_ended_ends_with_its_last_event_if_wanted(
    bodies: tuple[EventBody, ...], outcome: str
) -> None:
    *_, root = spans_of(run_of(*bodies))

    assert (root.end_ns, root.attributes["penguiflow.run.outcome"]) == (1 * S, outcome)
    open_ended = spans_of(run_of(*bodies), close=False)
    assert "invoke_agent helper" not in {span.name for span in open_ended}


def test_the_time_a_person_was_waited_for_is_no_work() -> None:
    decision = PersonAnswered(request_id="request-1", decision="approve")
    *_, root = spans_of(run_of(asked(), person_asked(), decision, StepStarted(step=2), answered()))

    assert root.attributes["penguiflow.run.worked_ms"] == 3_000.0


def test_a_question_tells_its_tool_and_the_decision_but_not_its_token() -> None:
    decision = PersonAnswered(request_id="request-1", decision="reject", text="I do not like it")
    wait, _ = spans_of(run_of(asked(), person_asked(), decision, answered()))

    assert wait.attributes["gen_ai.tool.name"] == "notes.save"
    assert wait.attributes["gen_ai.tool.call.id"] == "call-1"
    assert wait.attributes["penguiflow.person.decision"] == "reject"
    assert "request-1" not in str(wait)


def test_notes_are_marks_of_the_run_with_their_numbers() -> None:
    note = PlannerNoted(step=2, event="observation_clamped", detail={"original_size": 9, "node_name": "look"})
    memory = MemoryChanged(change="turn_added", key="anna", health="ok", tokens=12)
    (root,) = spans_of(run_of(asked(), note, memory, answered()))

    assert [(mark.name, dict(mark.attributes)) for mark in root.marks] == [
        (
            "penguiflow.observation_clamped",
            {"penguiflow.step": 2, "penguiflow.detail.original_size": 9},
        ),
        ("penguiflow.memory.turn_added", {"penguiflow.detail.tokens": 12}),
    ]


def test_flows_of_a_run_lie_in_it() -> None:
    started = FlowHappened(event="node_start", trace_id="t", node="clean", node_id="n1")
    ended = FlowHappened(event="node_success", trace_id="t", node="clean", node_id="n1", latency_ms=1.0)
    node, workflow, root = spans_of(run_of(asked(), started, ended, answered()))

    assert [node.name, workflow.name] == ["node clean", "invoke_workflow"]
    assert (node.parent_id, workflow.parent_id) == (workflow.span_id, root.span_id)
    assert node.trace_id == workflow.trace_id == root.trace_id


def test_spans_come_as_they_end_and_are_the_same_as_those_of_the_whole() -> None:
    events = run_of(asked(), model_called(), tool_started(), tool_finished(), answered())
    live = SessionSpans()

    one_by_one = [span for event in events for span in live.take(event)]

    assert one_by_one == spans_of(events)
    assert live.close() == []


def test_runs_of_one_session_have_traces_of_their_own() -> None:
    one, two = (run_of(asked(), model_called(), answered(), run_id=name) for name in ("one", "two"))
    mixed: list[RunEvent] = [event for pair in zip(one, two, strict=True) for event in pair]

    spans = spans_of(mixed)

    assert len({span.trace_id for span in spans}) == 2
    assert len({span.span_id for span in spans}) == 4
    assert [span for span in spans if span.attributes["penguiflow.run.id"] == "one"] == spans_of(one)


def test_a_caller_takes_the_run_into_its_trace() -> None:
    caller = parse_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    call, root = spans_of(run_of(asked(), model_called(), answered()), caller=caller)

    assert root.trace_id == call.trace_id == 0x0AF7651916CD43DD8448EB211C80319C
    assert (root.parent_id, root.caller, call.parent_id) == (None, caller, root.span_id)


def test_names_that_have_no_utf8_form_are_repaired() -> None:
    tool, _ = spans_of(run_of(asked(), tool_finished(tool="lo\ud800ok"), answered()))

    assert tool.name == "execute_tool lo?ok"
    assert tool.attributes["gen_ai.tool.name"] == "lo?ok"
