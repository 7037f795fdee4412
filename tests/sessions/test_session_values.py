"""The pure parts of a session, as tables."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.planner.events import PlannerEvent
from penguiflow.redaction import redact
from penguiflow.sessions import Paused
from penguiflow.sessions.answer_text import answer_text
from penguiflow.sessions.bodies import person_asked, run_failed
from penguiflow.sessions.hidden_values import hidden_values
from penguiflow.sessions.plain_json import plain_json
from penguiflow.sessions.standing import activity, standing_of
from penguiflow.sessions.streamed_text import StreamedText, split_ready
from penguiflow.sessions.totals import RunTotals, run_totals
from penguiflow.sessions.translate import history_body
from penguiflow.state.errors import StoreError
from penguiflow.state.events import (
    ActionChosen,
    EventBody,
    MemoryChanged,
    ModelCalled,
    PersonAnswered,
    PlannerNoted,
    RunFailed,
    RunFinished,
    RunInterrupted,
    StepStarted,
    TextStreamed,
    ToolFinished,
    ToolStarted,
    ToolStreamed,
)
from penguiflow.state.order import in_history_order
from tests.fakes.history import answered, asked, event_at, run_of
from tests.fakes.history import person_asked as question

CALL = ModelCalled(step=1, attempt=1, latency_ms=1.0, cost_usd=0.25)
UNKNOWN = ModelCalled(step=1, attempt=1, latency_ms=1.0)
FAILED_CALL = ModelCalled(step=1, attempt=1, latency_ms=1.0, error="timeout")
APPROVED = PersonAnswered(request_id="request-1", decision="approve")
TOOL = ToolStarted(step=1, call_id="c", tool="t")
TOOL_DONE = ToolFinished(step=1, call_id="c", tool="t")
FAILED = RunFailed(code="x", message="m")


@pytest.mark.parametrize(
    ("bodies", "working", "word"),
    [
        ([], False, "idle"),
        ([asked()], True, "thinking"),
        ([asked(), TOOL], True, "running_tool"),
        ([asked(), TOOL, TOOL_DONE], True, "thinking"),
        ([asked(), answered()], False, "idle"),
        ([asked(), question()], False, "waiting"),
        ([asked(), question(), APPROVED], True, "thinking"),
        ([asked(), question(), APPROVED, answered()], False, "idle"),
        ([asked(), question(), RunInterrupted()], False, "idle"),
        ([asked(), FAILED], False, "failed"),
        ([asked(), TOOL, RunInterrupted()], False, "idle"),
    ],
)
def test_one_word_says_what_a_session_does(bodies: list[EventBody], working: bool, word: str) -> None:
    assert activity(standing_of(run_of(*bodies)), working=working, started=True) == word


def test_a_session_that_is_not_started_says_so_unless_it_works() -> None:
    assert activity(standing_of([]), working=False, started=False) == "starting"
    assert activity(standing_of([]), working=True, started=False) == "thinking"


def test_a_question_of_one_run_stays_open_when_another_run_ends() -> None:
    standing = standing_of([*run_of(asked(), question()), *run_of(asked(), FAILED, run_id="run-2")])

    assert [(each.run_id, each.asked.request_id) for each in standing.open_requests] == [
        ("run-1", "request-1")
    ]
    assert standing.last_end == "failed"


def totals(steps: int, llm_calls: int, cost_usd: float | None) -> RunTotals:
    return RunTotals(steps=steps, llm_calls=llm_calls, cost_usd=cost_usd, worked_ms=3_000.0)


@pytest.mark.parametrize(
    ("bodies", "counted"),
    [
        ([asked()], RunTotals(worked_ms=100_000.0)),
        ([asked(), StepStarted(step=1), CALL, answered()], totals(1, 1, 0.25)),
        ([asked(), CALL, CALL, answered()], totals(0, 2, 0.5)),
        ([asked(), CALL, UNKNOWN, answered()], totals(0, 2, None)),
        ([asked(), CALL, FAILED_CALL, answered()], totals(0, 2, 0.25)),
        ([asked(), question(), APPROVED, StepStarted(step=4), answered()], totals(4, 0, None)),
    ],
)
def test_a_run_is_counted_without_the_time_it_waits(bodies: list[EventBody], counted: RunTotals) -> None:
    assert run_totals(run_of(*bodies), now=100.0) == counted


def test_a_clock_that_is_set_back_gives_no_negative_time() -> None:
    events = [event_at(0, asked(), ts=100.0), event_at(1, answered(), ts=5.0)]

    assert run_totals(events, now=0.0).worked_ms == 0.0


@pytest.mark.parametrize(
    ("text", "ready"),
    [
        ("", ""),
        ("Hello wor", "Hello "),
        ("Hello world ", "Hello world "),
        ("こんにちは、世界", "こんにちは、世界"),
        ("the key: sk-abc", "the key: "),
        ("Authorization: Bearer abc", "Authorization: "),
        ("line\nnext", "line\n"),
        ("x" * 2_000, "x" * 2_000),
    ],
)
def test_what_may_become_a_secret_is_held_back(text: str, ready: str) -> None:
    assert split_ready(text) == (ready, text[len(ready) :])


@given(st.lists(st.text(alphabet="ab -_.é\n世", max_size=6), max_size=30), st.sets(st.integers(0, 30)))
def test_pieces_join_to_what_was_streamed_however_often_somebody_looks(
    pieces: list[str], looks: set[int]
) -> None:
    stream, shown = StreamedText(), []
    for number, text in enumerate(pieces):
        stream.add(TextStreamed(step=1, channel="answer", text=text))
        if number in looks:
            shown += stream.take_ready()
    shown += stream.take_all()

    assert "".join(piece.text for piece in shown) == "".join(pieces)


def test_parallel_streams_are_joined_each_for_itself() -> None:
    stream = StreamedText()
    for text in ("one ", "two "):
        stream.add(ToolStreamed(step=1, stream_id="a", text=text))
        stream.add(ToolStreamed(step=1, stream_id="b", text=text.upper()))

    assert [piece.text for piece in stream.take_all()] == ["one two ", "ONE TWO "]


@given(st.text(alphabet="abc", min_size=16, max_size=40), st.lists(st.integers(0, 60), max_size=6))
def test_a_streamed_secret_is_recognised_however_it_is_cut(tail: str, cuts: list[int]) -> None:
    text = f"use sk-{tail} now"
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    stream, shown = StreamedText(), ""
    for start, end in pairwise(places):
        stream.add(TextStreamed(step=1, channel="answer", text=text[start:end]))
        shown += "".join(redact(piece.text) for piece in stream.take_ready())
    shown += "".join(redact(piece.text) for piece in stream.take_all())

    assert shown == "use [redacted] now"


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ({"a": [1, None, True, "x"]}, {"a": [1, None, True, "x"]}),
        ((1, 2), [1, 2]),
        (float("nan"), "nan"),
        ("a\ud800", "a\ufffd"),
        ({"\ud800": 1}, {"\ufffd": 1}),
        (ValueError("x"), "x"),
        ("one two three four", "one two … (10 more characters)"),
        (["12345678", "123", "x", "y"], ["12345678", "… (3 more characters)", "… (2 more items)"]),
        ({"a": "1234567890", "b": 1}, {"a": "… (10 more characters)", "…": "1 more entries"}),
    ],
)
def test_values_become_plain_json_of_a_bounded_size(value: object, plain: object) -> None:
    assert plain_json(value, max_chars=10) == plain


def test_a_value_nested_without_end_is_cut() -> None:
    endless: list[Any] = []
    endless.append(endless)

    assert "nested too deeply" in str(plain_json(endless, max_chars=10_000))


def test_half_a_secret_is_never_left_at_a_cut() -> None:
    text = "x " * 50 + "sk-" + "a" * 60

    assert "sk-" not in plain_json(text, max_chars=130)


@pytest.mark.parametrize(
    ("args", "paths"),
    [
        ({"a": 1, "b": "fine"}, ()),
        ({"password": "[redacted]"}, ("password",)),
        ({"a": [{"key": "x [redacted] y"}]}, ("a[0].key",)),
    ],
)
def test_placeholders_are_found_in_arguments(args: dict[str, Any], paths: tuple[str, ...]) -> None:
    assert hidden_values(args) == paths


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("plain", "plain"),
        ({"raw_answer": "raw", "text": "no"}, "raw"),
        ({"result": 5}, '{"result": 5}'),
        ([1, "ü"], '[1, "ü"]'),
    ],
)
def test_an_answer_is_read_from_whatever_an_agent_returns(value: object, text: str) -> None:
    assert answer_text(value) == text


def planner_event(kind: str, **fields: Any) -> PlannerEvent:
    known = {name: fields.pop(name) for name in ("thought", "latency_ms", "error") if name in fields}
    return PlannerEvent(event_type=kind, ts=0.0, trajectory_step=2, extra=fields, **known)


@pytest.mark.parametrize(
    ("event", "body"),
    [
        (planner_event("step_start", action_seq=4), StepStarted(step=4)),
        (planner_event("step_start"), StepStarted(step=3)),
        (
            planner_event(
                "llm_call", action_seq=1, attempt=2, cost_usd=None, latency_ms=5.0, error="timeout"
            ),
            ModelCalled(step=1, attempt=2, latency_ms=5.0, error="timeout"),
        ),
        (
            planner_event("action", action_seq=1, next_node="t", args={"a": 1}, thought="why"),
            ActionChosen(step=1, next_node="t", thought="why", args={"a": 1}),
        ),
        (
            planner_event(
                "tool_call_start", action_seq=1, tool_call_id="c", tool_name="t", args_json='{"a": 1}'
            ),
            ToolStarted(step=1, call_id="c", tool="t", args={"a": 1}),
        ),
        (
            planner_event(
                "tool_call_result",
                action_seq=1,
                tool_call_id="c",
                tool_name="t",
                result_json='{"error": "no"}',
                ok=False,
                error="no",
            ),
            ToolFinished(step=1, call_id="c", tool="t", error="no", result_chars=15),
        ),
        (
            planner_event("tool_call_result", action_seq=1, tool_name="t", result_json="plain text", ok=True),
            ToolFinished(step=1, call_id="", tool="t", result="plain text", result_chars=10),
        ),
        (
            planner_event("llm_stream_chunk", action_seq=1, text="a", done=False, phase="observation"),
            TextStreamed(step=1, channel="thinking", text="a"),
        ),
        (planner_event("llm_stream_chunk", action_seq=1, text="", done=False, phase="action"), None),
        (
            planner_event("stream_chunk", action_seq=1, stream_id="s", seq=0, text="a", done=True, meta={}),
            ToolStreamed(step=1, stream_id="s", text="a", done=True),
        ),
        (planner_event("finish", reason="answer_complete"), None),
        (
            planner_event("something_new", action_seq=2, much=1),
            PlannerNoted(step=2, event="something_new", detail={"much": 1}),
        ),
        (
            planner_event("memory_turn_added", memory_key="t:u:s", health="healthy", memory_tokens=12),
            MemoryChanged(change="turn_added", key="t:u:s", health="healthy", tokens=12),
        ),
    ],
)
def test_what_a_planner_tells_becomes_history(event: PlannerEvent, body: EventBody | None) -> None:
    assert history_body(event) == body


def test_a_pause_without_a_call_asks_with_its_payload() -> None:
    asked_for = person_asked(
        Paused(reason="await_input", resume_token="t", payload={"question": "Which city?", "options": [1]}),
        step=3,
    )

    assert (asked_for.step, asked_for.prompt, asked_for.call) == (3, "Which city?", None)
    assert asked_for.payload == {"question": "Which city?", "options": [1]}


def test_a_failure_is_named_by_its_own_code_or_that_of_its_cause() -> None:
    cause = StoreError("disk full", hint="make room")
    wrapped = RuntimeError("the pause could not be stored")
    wrapped.__cause__ = cause

    assert run_failed(cause) == RunFailed(code="store_failed", message="disk full", hint="make room")
    assert run_failed(wrapped) == RunFailed(
        code="store_failed", message="the pause could not be stored", hint="make room"
    )
    assert run_failed(ValueError()).message == "ValueError"


@given(st.permutations(range(8)))
def test_a_history_is_ordered_by_number_within_each_run(order: list[int]) -> None:
    finished = RunFinished(reason="x", answer="", steps=0, llm_calls=0, latency_ms=0.0)
    events = [event_at(number // 2, finished, run_id=f"run-{number % 2}") for number in range(8)]

    ordered = in_history_order([events[place] for place in order])

    for run_id in ("run-0", "run-1"):
        assert [event.seq for event in ordered if event.run_id == run_id] == [0, 1, 2, 3]
