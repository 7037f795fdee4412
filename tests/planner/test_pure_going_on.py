"""What somebody says to a paused run, fitted to what the run waits for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.catalog import NodeSpec
from penguiflow.planner import PlannerAction, Trajectory
from penguiflow.planner._pauses.going_on import (
    AnsweredLimit,
    AnsweredQuestion,
    DecidedCall,
    answer_record,
    interpret,
    read_answer,
)
from penguiflow.planner._pauses.record import PausedRun, Question, pause_record, read_pause
from penguiflow.planner._rules.calls import CallResult, PauseRequest, PendingStep, PlannedCall
from penguiflow.planner._rules.progress import Progress
from penguiflow.planner.approvals import Approve, Decision, DecisionError, Edit, Reject, Respond, call_hash
from tests.fakes.planner_tools import Notebook

TOOLS: dict[str, NodeSpec] = {spec.name: spec for spec in Notebook().catalog()}
SAVE = PlannedCall(call_id="call_1", node="save", args={"text": "fish", "copies": 1}, needs_approval=True)
HASH = call_hash("save", SAVE.args)


def paused_at(*questions: Question, pending: PendingStep | None = None) -> PausedRun:
    return PausedRun(
        run_id="r",
        owner=None,
        trajectory=Trajectory(query="q"),
        progress=Progress(),
        questions=questions,
        pending=pending,
    )


def asked(token: str, **more: Any) -> Question:
    return Question(token=token, asked=PauseRequest(reason="await_input", payload={"question": "?"}), **more)


def waiting_for(*calls: PlannedCall) -> PausedRun:
    action = PlannerAction(next_node="save", args={"text": "fish"})
    pending = PendingStep.of(action, 1, 0.0, calls)
    return paused_at(*(asked(f"t{at}", position=at) for at in range(len(calls))), pending=pending)


@pytest.mark.parametrize(
    ("said", "ran", "result"),
    [
        (Approve(), {"text": "fish", "copies": 1}, None),
        ("approve", {"text": "fish", "copies": 1}, None),
        (Approve(HASH), {"text": "fish", "copies": 1}, None),
        (Edit({"text": "bird"}), {"text": "bird", "copies": 1}, None),
        ('{"decision": "edit", "args": {"text": "bird", "copies": 2}}', {"text": "bird", "copies": 2}, None),
        (Reject("no"), {"text": "fish", "copies": 1}, "a person rejected the call of `save`: no"),
        ("reject:", {"text": "fish", "copies": 1}, "a person rejected the call of `save`: no reason given"),
        (Respond("done by hand"), {"text": "fish", "copies": 1}, {"response_from_person": "done by hand"}),
    ],
)
def test_a_decision_settles_the_call_or_lets_it_run(
    said: str | Decision, ran: dict[str, Any], result: Any
) -> None:
    going_on = interpret(waiting_for(SAVE), "t0", TOOLS, said)
    assert isinstance(going_on, DecidedCall)
    assert (going_on.call.args, going_on.call.needs_approval) == (ran, False)
    settled = going_on.settled()
    assert settled.calls[0] == going_on.call
    if result is None:
        assert (settled.runnable(), going_on.call.parsed) == ([0], TOOLS["save"].args_model(**ran))
    elif isinstance(result, str):
        assert str(settled.settled()[0].error).startswith(result)
    else:
        assert settled.settled()[0].observation.items() >= result.items()


@pytest.mark.parametrize(
    "said",
    [
        None,
        "",
        "yes please",
        "respond:",
        Approve("0" * 64),
        Edit({}),
        Edit({"text": object()}),
        Edit({"text": "x", "copies": "many"}),
        '{"decision": "edit"}',
        '{"decision": ',
        "[1]",
    ],
)
def test_what_is_no_decision_about_the_call_changes_nothing(said: Any) -> None:
    paused = waiting_for(SAVE)
    with pytest.raises(DecisionError):
        interpret(paused, "t0", TOOLS, said)
    assert paused == waiting_for(SAVE)


def test_a_call_of_a_tool_that_went_away_can_only_be_answered_in_its_place() -> None:
    for said in (Approve(), Edit({"text": "x"})):
        with pytest.raises(DecisionError, match="not available"):
            interpret(waiting_for(SAVE), "t0", {}, said)
    for instead in (Reject("gone"), Respond("done")):
        going_on = interpret(waiting_for(SAVE), "t0", {}, instead)
        assert isinstance(going_on, DecidedCall)
        assert going_on.result is not None


def test_each_token_decides_about_its_own_call() -> None:
    other = PlannedCall(call_id="call_2", node="save", args={"text": "bird"}, needs_approval=True)
    paused = waiting_for(SAVE, other)
    going_on = interpret(paused, "t1", TOOLS, Reject("no"))
    assert isinstance(going_on, DecidedCall)
    assert (going_on.position, going_on.settled().waiting_calls()) == (1, [0])
    assert [question.token for question in paused.without("t1")] == ["t0"]


@pytest.mark.parametrize(
    ("said", "extends"),
    [(None, True), (Approve(), True), ("approve", True), (Reject("enough"), False), ("reject: no", False)],
)
def test_a_limit_is_extended_or_ends_the_run(said: Any, extends: bool) -> None:
    going_on = interpret(paused_at(asked("t", limit="max_iters")), "t", {}, said)
    assert going_on == AnsweredLimit(limit="max_iters", extends=extends)


@pytest.mark.parametrize("said", ["perhaps", Edit({}), Respond("go and look"), "respond: x"])
def test_nobody_guesses_what_was_meant_about_a_limit(said: Any) -> None:
    with pytest.raises(DecisionError):
        interpret(paused_at(asked("t", limit="max_iters")), "t", {}, said)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (None, None),
        ("", ""),
        ("red", "red"),
        ("reject: it is text here", "reject: it is text here"),
        (Approve(), "approved"),
        (Reject("no"), "rejected: no"),
        (Respond("red"), "red"),
    ],
)
def test_a_question_takes_any_text(said: Any, text: str | None) -> None:
    assert interpret(paused_at(asked("t")), "t", {}, said) == AnsweredQuestion(text=text)


def test_of_several_questions_the_text_says_which_it_answers() -> None:
    paused = paused_at(asked("t", node="ask"), asked("u", node="other"))
    going_on = interpret(paused, "u", {}, "red")
    assert going_on == AnsweredQuestion(text='red (answers what `other` asked: {"question":"?"})')
    assert interpret(paused, "u", {}, None) == AnsweredQuestion(text=None)


TEXTS = st.text(max_size=10)
ARGS = st.dictionaries(TEXTS, st.none() | st.integers() | TEXTS | st.lists(TEXTS, max_size=2), max_size=3)


@given(
    st.none()
    | TEXTS
    | st.builds(Approve, st.none() | st.just(HASH))
    | st.builds(Reject, TEXTS)
    | st.builds(Respond, TEXTS)
    | st.builds(Edit, ARGS)
)
def test_what_was_said_reads_back_as_it_was_stored(said: str | Decision | None) -> None:
    assert read_answer(json.loads(json.dumps(answer_record(said)))) == said


STATUSES = st.sampled_from(["succeeded", "failed", "paused", None])


@given(
    statuses=st.lists(STATUSES, min_size=1, max_size=4),
    args=ARGS,
    joined=st.booleans(),
    remaining=st.none() | st.floats(0, 1e6),
    limit=st.sampled_from([None, "max_iters", "deadline_s"]),
)
def test_any_paused_run_reads_back_as_it_was_stored(
    statuses: list[Any], args: dict[str, Any], joined: bool, remaining: float | None, limit: Any
) -> None:
    calls = [PlannedCall(call_id=f"c{at}", node="save", args=args) for at in range(len(statuses))]
    results = {
        at: CallResult(
            status=status,
            observation=args if status == "succeeded" else None,
            error="failed" if status == "failed" else None,
            pause=PauseRequest(reason="await_input", payload=args) if status == "paused" else None,
            streams={"s": [{"seq": 0, "text": "t"}]},
            latency_ms=1.5,
        )
        for at, status in enumerate(statuses)
        if status is not None
    }
    action = PlannerAction(next_node="save", args=args, thought="why")
    pending = PendingStep.of(action, 3, 2.5, calls).with_results(results)
    if joined:
        pending = pending.with_join(calls[0])
    paused = PausedRun(
        run_id="r",
        owner="t:u:s",
        trajectory=Trajectory(query="q", llm_context={"a": 1}),
        progress=Progress(action_seq=3, hops_used=2),
        questions=(asked("t", position=0), asked("u", limit=limit), asked("v", node="ask")),
        deadline_remaining_s=remaining,
        pending=pending,
    )
    again = read_pause(json.loads(json.dumps(pause_record(paused, 5))))
    assert pause_record(again, 5) == pause_record(read_pause(pause_record(again, 5)), 5)
    assert json.loads(json.dumps(pause_record(again, 5))) == json.loads(json.dumps(pause_record(paused, 5)))
    assert (again.questions, again.progress, again.deadline_remaining_s) == (
        paused.questions,
        paused.progress,
        remaining,
    )
    assert again.pending is not None
    assert again.pending.open_calls() == pending.open_calls()


def test_what_no_store_can_keep_stays_behind_by_name() -> None:
    trajectory = Trajectory(query="q", tool_context={"session": object(), "tenant": "acme"})
    paused = PausedRun(
        run_id="r", owner=None, trajectory=trajectory, progress=Progress(), questions=(asked("t"),)
    )
    record = pause_record(paused, None)
    assert (record["tool_context"], record["tool_context_left_out"]) == ({"tenant": "acme"}, ["session"])
    assert read_pause(json.loads(json.dumps(record))).trajectory.tool_context == {"tenant": "acme"}
