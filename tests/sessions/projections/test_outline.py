"""A run step by step."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from penguiflow.sessions.projections.outline import (
    THINKING,
    OutlineEntry,
    StreamedPieces,
    outline,
)
from penguiflow.sessions.projections.recorded_run import RecordedCall, RecordedDecision
from penguiflow.state.events import (
    ActionChosen,
    EventBody,
    OutputCaptured,
    RunEvent,
    StepStarted,
    TextStreamed,
    ToolFinished,
    ToolStarted,
    ToolStreamed,
    UnknownBody,
)
from tests.fakes.any_events import any_body
from tests.fakes.history import run_of
from tests.fakes.recorded_runs import approval, call, model, run_events


def told(entry: OutlineEntry) -> str:
    match entry:
        case RecordedCall():
            return f"call {entry.tool} {entry.error or entry.result}"
        case RecordedDecision():
            return f"asked {entry.answered.decision if entry.answered else None}"
        case StreamedPieces():
            return f"{entry.source}: {entry.text}"
        case _:
            return entry.kind


def steps_of(events: list[RunEvent]) -> dict[int, list[str]]:
    return {step.number: [told(entry) for entry in step.entries] for step in outline(events).steps}


def test_each_step_has_what_happened_in_it_in_order() -> None:
    events = run_events((model(), *call("a", "one")), (*approval("edit", x=1), *call("b", error="no")))
    assert steps_of(events) == {1: ["model_called", "call a one"], 2: ["asked edit", "call b no"]}


def test_calls_that_run_at_once_stand_where_they_began_with_their_own_ends() -> None:
    events = run_of(
        StepStarted(step=1),
        ToolStarted(step=1, call_id="1", tool="a"),
        ToolStarted(step=1, call_id="2", tool="b"),
        ToolFinished(step=1, call_id="2", tool="b", result="second"),
        ToolFinished(step=1, call_id="1", tool="a", result="first"),
    )
    assert steps_of(events) == {1: ["call a first", "call b second"]}


def test_a_call_that_never_ran_is_told_by_its_end() -> None:
    refused = ToolFinished(step=1, call_id="1", tool="a", error="a person rejected it")
    assert steps_of(run_of(StepStarted(step=1), refused)) == {1: ["tool_finished"]}


def test_pieces_are_joined_and_the_answer_is_left_to_the_end() -> None:
    events = run_of(
        StepStarted(step=1),
        TextStreamed(step=1, channel="thinking", text="So "),
        ToolStreamed(step=1, stream_id="1", text="half "),
        TextStreamed(step=1, channel="thinking", text="then."),
        ToolStreamed(step=1, stream_id="1", text="done", done=True),
        TextStreamed(step=1, channel="answer", text="42"),
    )
    assert steps_of(events) == {1: [f"{THINKING}: So then.", "1: half done"]}


def test_what_comes_before_the_first_step_is_step_0() -> None:
    events = run_of(OutputCaptured(stream="log", text="hello"), StepStarted(step=1))
    assert steps_of(events) == {0: ["output_captured"], 1: []}


def test_a_step_that_goes_on_after_a_pause_is_one_step() -> None:
    events = run_of(
        StepStarted(step=1), *approval("approve"), StepStarted(step=1), ActionChosen(step=1, next_node="a")
    )
    assert steps_of(events) == {1: ["asked approve", "action_chosen"]}


@given(st.lists(any_body, min_size=1, max_size=12))
def test_any_events_in_any_order_have_an_outline(bodies: list[EventBody]) -> None:
    steps = outline(run_of(*bodies)).steps
    shown = [entry for step in steps for entry in step.entries]
    assert [body for body in bodies if isinstance(body, UnknownBody)] == [
        entry for entry in shown if isinstance(entry, UnknownBody)
    ]
    begun = sum(isinstance(body, ToolStarted) for body in bodies)
    assert sum(isinstance(entry, RecordedCall) for entry in shown) in (begun, 0)
