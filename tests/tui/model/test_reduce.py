"""A table of histories and the state they give."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce as fold

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.state.events import (
    ActionChosen,
    CallToApprove,
    ConnectionChanged,
    DecisionKind,
    EventBody,
    ModelCalled,
    PersonAnswered,
    PersonAsked,
    RunEvent,
    RunFailed,
    RunFinished,
    RunInterrupted,
    RunStarted,
    StepStarted,
    TextStreamed,
    ToolFinished,
    ToolStarted,
    ToolStreamed,
)
from penguiflow_tui.model import EMPTY, Activity, RunView, StepView, ToolCallView, WorkbenchState
from penguiflow_tui.model.reduce import reduce, reduce_all
from penguiflow_tui.model.state import CallState, RunState
from penguiflow_tui.sample_run import EDITED_NOTE, NOTE, sample_events

ASK = RunStarted(question="why?", agent="agent", model="m")
CALL = CallToApprove(call_id="c1", tool="save", args={"n": 1}, call_hash="h")
ASKED = PersonAsked(step=1, request_id="q1", reason="approval_required", call=CALL)
STARTED = ToolStarted(step=1, call_id="c1", tool="save", args={"n": 1})
FINISHED = RunFinished(reason="answer_complete", answer="because", steps=1, llm_calls=1, latency_ms=1.0)


def history(*bodies: EventBody, run_id: str = "r1") -> list[RunEvent]:
    return [
        RunEvent(session_id="s", run_id=run_id, seq=seq, ts=100.0 + seq, body=body)
        for seq, body in enumerate(bodies)
    ]


def after(*bodies: EventBody) -> WorkbenchState:
    return reduce_all(EMPTY, history(*bodies))


def run_of(state: WorkbenchState) -> RunView:
    assert state.run is not None
    return state.run


def step_of(state: WorkbenchState) -> StepView:
    step = run_of(state).step
    assert step is not None
    return step


def only_call(state: WorkbenchState) -> ToolCallView:
    (call,) = step_of(state).calls
    return call


@pytest.mark.parametrize(
    ("bodies", "activity", "run_state"),
    [
        ((ASK,), "thinking", "thinking"),
        ((ASK, StepStarted(step=1)), "thinking", "thinking"),
        ((ASK, STARTED), "running_tool", "running_tool"),
        ((ASK, STARTED, ToolFinished(step=1, call_id="c1", tool="save")), "thinking", "thinking"),
        ((ASK, ASKED), "waiting", "waiting"),
        ((ASK, ASKED, PersonAnswered(request_id="q1", decision="approve")), "thinking", "thinking"),
        ((ASK, FINISHED), "idle", "answered"),
        ((ASK, RunFailed(code="x", message="m")), "failed", "failed"),
        ((ASK, STARTED, RunInterrupted()), "idle", "interrupted"),
        ((ASK, FINISHED, STARTED), "idle", "answered"),
        ((ASK, FINISHED, ASK), "idle", "answered"),
    ],
)
def test_what_the_session_does_follows_its_last_event(
    bodies: Sequence[EventBody], activity: Activity, run_state: RunState
) -> None:
    state = after(*bodies)
    assert (state.activity, run_of(state).state) == (activity, run_state)


def test_an_empty_session_is_idle_and_a_connection_makes_no_run() -> None:
    state = after(ConnectionChanged(name="notes", state="ready", transport="stdio"))
    assert state.activity == "idle"
    assert state.run is None
    assert [known.state for known in state.connections] == ["ready"]


def test_a_connection_keeps_its_place_when_it_changes() -> None:
    state = after(
        ConnectionChanged(name="a", state="connecting", transport="stdio"),
        ConnectionChanged(name="b", state="connecting", transport="http"),
        ConnectionChanged(name="a", state="failed", transport="stdio", error="no"),
    )
    assert [(known.name, known.state) for known in state.connections] == [
        ("a", "failed"),
        ("b", "connecting"),
    ]


@pytest.mark.parametrize(
    ("decision", "call_state"),
    [
        ("approve", "running"),
        ("edit", "running"),
        ("reject", "rejected"),
        ("respond", "answered"),
        ("cancelled", "cancelled"),
    ],
)
def test_a_decision_settles_the_call_and_takes_the_request_away(
    decision: DecisionKind, call_state: CallState
) -> None:
    asked = after(ASK, ASKED)
    assert only_call(asked).state == "waiting"
    assert [pending.asked.request_id for pending in asked.pending] == ["q1"]
    answer = PersonAnswered(request_id="q1", decision=decision, args={"n": 2}, text="reason")
    decided = reduce_all(asked, history(answer))
    assert only_call(decided).state == call_state
    assert decided.pending == ()


def test_an_edited_call_keeps_what_the_model_proposed() -> None:
    state = after(
        ASK,
        ASKED,
        PersonAnswered(request_id="q1", decision="edit", args={"n": 2}),
        ToolStarted(step=1, call_id="c1", tool="save", args={"n": 2}),
        ToolFinished(step=1, call_id="c1", tool="save", result={"ok": True}, latency_ms=3.0),
    )
    call = only_call(state)
    assert (call.state, call.args, call.proposed_args) == ("ok", {"n": 2}, {"n": 1})


def test_a_rejected_call_stays_rejected_when_the_planner_reports_its_result() -> None:
    state = after(
        ASK,
        ASKED,
        PersonAnswered(request_id="q1", decision="reject", text="not today"),
        ToolFinished(step=1, call_id="c1", tool="save", error="rejected by a person"),
    )
    assert (only_call(state).state, only_call(state).error) == ("rejected", "not today")
    assert [notice.kind for notice in run_of(state).notices] == ["rejected"]


def test_a_tool_that_asks_from_inside_waits_and_is_answered() -> None:
    question = PersonAsked(step=1, request_id="q2", reason="await_input", prompt="Which?")
    asked = after(ASK, STARTED, question)
    assert only_call(asked).state == "waiting"
    answered = reduce_all(asked, history(PersonAnswered(request_id="q2", decision="respond", text="blue")))
    assert (only_call(answered).state, only_call(answered).result) == ("answered", "blue")


@pytest.mark.parametrize("end", [FINISHED, RunFailed(code="x", message="m"), RunInterrupted()])
def test_the_end_of_a_run_closes_its_calls_and_requests(end: EventBody) -> None:
    state = after(ASK, ASKED, ToolStarted(step=1, call_id="c2", tool="other"), end)
    assert {call.state for call in step_of(state).calls} == {"cancelled"}
    assert state.pending == ()


def test_parallel_calls_end_in_any_order() -> None:
    second = ToolStarted(step=1, call_id="c2", tool="other")
    state = after(ASK, STARTED, second, ToolFinished(step=1, call_id="c2", tool="other", error="boom"))
    assert state.activity == "running_tool"
    assert [(call.call_id, call.state) for call in step_of(state).calls] == [
        ("c1", "running"),
        ("c2", "failed"),
    ]


def test_another_attempt_of_the_model_replaces_the_text_of_the_first() -> None:
    state = after(
        ASK,
        StepStarted(step=1),
        TextStreamed(step=1, channel="thinking", text="first "),
        TextStreamed(step=1, channel="answer", text="half an ans"),
        ModelCalled(step=1, attempt=1, latency_ms=5.0, error="not JSON"),
        TextStreamed(step=1, channel="thinking", text="second"),
        TextStreamed(step=1, channel="answer", text="whole"),
    )
    assert step_of(state).thinking.text == "second"
    assert run_of(state).live_answer.text == "whole"
    assert step_of(state).model_errors == ("not JSON",)


def test_a_new_step_drops_the_answer_that_was_streamed_before_it() -> None:
    state = after(ASK, TextStreamed(step=1, channel="answer", text="no, wait"), StepStarted(step=2))
    assert not run_of(state).live_answer
    assert [step.number for step in run_of(state).steps] == [1, 2]


def test_an_unknown_cost_is_counted_apart_from_the_known_sum() -> None:
    known = ModelCalled(step=1, attempt=1, latency_ms=1.0, cost_usd=0.5, input_tokens=10, output_tokens=2)
    unknown = ModelCalled(step=1, attempt=1, latency_ms=1.0)
    failed = ModelCalled(step=1, attempt=1, latency_ms=1.0, error="429")
    totals = after(ASK, StepStarted(step=1), known, unknown, failed).totals
    assert (totals.cost_usd, totals.priced_calls, totals.unpriced_calls) == (0.5, 1, 1)
    assert (totals.llm_calls, totals.input_tokens, totals.output_tokens, totals.steps) == (3, 10, 2, 1)


def test_chunks_of_a_tool_join_by_their_stream() -> None:
    state = after(
        ASK,
        STARTED,
        ToolStreamed(step=1, stream_id="c1", text="a"),
        ToolStreamed(step=1, stream_id="log", text="x"),
        ToolStreamed(step=1, stream_id="c1", text="b", done=True),
    )
    assert [(stream.stream_id, stream.text.text, stream.done) for stream in step_of(state).streams] == [
        ("c1", "ab", True),
        ("log", "x", False),
    ]


def test_a_late_result_finds_its_earlier_step() -> None:
    late = ToolFinished(step=1, call_id="c1", tool="save", result=1)
    state = after(ASK, STARTED, StepStarted(step=2), late)
    first, second = run_of(state).steps
    assert first.calls[0].state == "ok"
    assert second.number == 2


def test_an_earlier_run_can_be_decided_while_a_later_one_has_ended() -> None:
    state = reduce_all(EMPTY, [*history(ASK, ASKED, run_id="r1"), *history(ASK, FINISHED, run_id="r2")])
    assert state.activity == "waiting"
    answer = PersonAnswered(request_id="q1", decision="approve")
    state = reduce_all(state, history(answer, FINISHED, run_id="r1"))
    assert [run.state for run in state.runs] == ["answered", "answered"]
    assert state.activity == "idle"


def test_what_an_event_does_not_touch_stays_the_same_value() -> None:
    before = reduce_all(EMPTY, sample_events())
    later = reduce(before, history(ASK, run_id="new")[0])
    assert all(old is new for old, new in zip(before.runs, later.runs, strict=False))
    assert later.connections is before.connections


def test_the_sample_session_reduces_to_what_it_tells() -> None:
    state = reduce_all(EMPTY, sample_events())
    assert [run.state for run in state.runs] == ["answered", "failed", "waiting"]
    edited = state.runs[0].steps[1].calls[0]
    assert (edited.args, edited.proposed_args) == (EDITED_NOTE, NOTE)
    assert state.event_count == len(sample_events())
    assert state.activity == "waiting"


BODIES = st.sampled_from([event.body for event in sample_events()])


@given(st.lists(st.tuples(st.sampled_from(["r1", "r2"]), BODIES), max_size=40))
def test_no_order_of_events_breaks_the_reducer(pairs: list[tuple[str, EventBody]]) -> None:
    events = [
        RunEvent(session_id="s", run_id=run_id, seq=seq, ts=float(seq), body=body)
        for seq, (run_id, body) in enumerate(pairs)
    ]
    whole = reduce_all(EMPTY, events)
    one_by_one = fold(reduce, events, EMPTY)
    assert whole == one_by_one
    numbers = [[step.number for step in run.steps] for run in whole.runs]
    assert all(known == sorted(set(known)) for known in numbers)
    assert whole.totals.steps == sum(run.totals.steps for run in whole.runs)


def test_an_action_and_its_thought_belong_to_the_step() -> None:
    state = after(ASK, ActionChosen(step=1, next_node="save", thought="so", args={"n": 1}))
    assert (step_of(state).next_node, step_of(state).thought) == ("save", "so")
