"""How each fact changes the progress of a run, and that nothing of it gets lost in a store."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.llm.usage import LLMReply, TokenUsage
from penguiflow.planner._rules.progress import (
    AnswerJudged,
    AnswerSalvaged,
    ArgFillEnded,
    ArgsRejected,
    ArgsSuspect,
    CallsRan,
    DeadlinePassed,
    Fact,
    FinishRepairEnded,
    HopsExhausted,
    LimitExtended,
    ModelCalled,
    OrderingMoved,
    OutcomeSeen,
    Progress,
    ReplyUnreadable,
    RevisionAsked,
    StepBegan,
    StepsSummarised,
    progress_record,
    read_progress,
    reduce,
)
from penguiflow.planner._rules.spend import Spend, read_spend

PRICED = LLMReply(text="", cost_usd=0.25, usage=TokenUsage(input_tokens=10, output_tokens=3, cached_tokens=2))
UNPRICED = LLMReply(text="")
FAILED_A = {"arg_failures_by_tool": {"a": 2, "b": 1}, "consecutive_arg_failures": 3}


@pytest.mark.parametrize(
    ("before", "fact", "changes"),
    [
        ({}, StepBegan(), {"action_seq": 1}),
        ({}, ReplyUnreadable(), {"unreadable_replies": 1}),
        ({}, AnswerSalvaged(), {"salvage_used": True}),
        ({}, ArgsSuspect(), {"suspect_args": 1}),
        (
            {},
            ArgsRejected("a"),
            {"invalid_args": 1, "consecutive_arg_failures": 1, "arg_failures_by_tool": {"a": 1}},
        ),
        (
            FAILED_A,
            ArgsRejected("b"),
            {"invalid_args": 1, "consecutive_arg_failures": 4, "arg_failures_by_tool": {"a": 2, "b": 2}},
        ),
        ({}, ArgFillEnded("a", succeeded=True), {"arg_fills_tried": ("a",), "arg_fills_succeeded": 1}),
        ({}, ArgFillEnded("a", succeeded=False), {"arg_fills_tried": ("a",), "arg_fills_failed": 1}),
        ({}, FinishRepairEnded(succeeded=True), {"finish_repairs_succeeded": 1}),
        ({}, FinishRepairEnded(succeeded=False), {"finish_repairs_failed": 1}),
        ({}, CallsRan(2), {"hops_used": 2}),
        (FAILED_A, CallsRan(1), {"hops_used": 1}),
        (
            FAILED_A,
            CallsRan(2, ("a", "x")),
            {"hops_used": 2, "consecutive_arg_failures": 0, "arg_failures_by_tool": {"b": 1}},
        ),
        ({}, OutcomeSeen("c", "o"), {"last_call": "c", "last_outcome": "o", "same_calls": 1}),
        (
            {"last_call": "c", "last_outcome": "o", "same_calls": 2},
            OutcomeSeen("c", "o"),
            {"same_calls": 3},
        ),
        (
            {"last_call": "c", "last_outcome": "o", "same_calls": 2},
            OutcomeSeen("c", "other"),
            {"last_outcome": "other", "same_calls": 1},
        ),
        (
            {"last_call": "c", "last_outcome": "o", "same_calls": 2},
            OutcomeSeen("other", "o"),
            {"last_call": "other", "same_calls": 1},
        ),
        ({}, OrderingMoved(("a",), warned=True), {"ordering_completed": ("a",), "ordering_warned": True}),
        ({}, HopsExhausted(), {"hop_exhausted": True}),
        ({}, DeadlinePassed(), {"deadline_passed": True}),
        ({}, AnswerJudged({"score": 0.5}), {"reflection": {"score": 0.5}}),
        ({}, RevisionAsked(), {"revisions": 1}),
        ({"summarised_steps": 3}, StepsSummarised(5), {"summarised_steps": 5}),
        ({}, LimitExtended("max_iters"), {"extensions": {"max_iters": 1}}),
        (
            {"extensions": {"max_iters": 1}, "hop_exhausted": True},
            LimitExtended("hop_budget"),
            {"extensions": {"max_iters": 1, "hop_budget": 1}, "hop_exhausted": False},
        ),
        (
            {"deadline_passed": True},
            LimitExtended("deadline_s"),
            {"extensions": {"deadline_s": 1}, "deadline_passed": False},
        ),
        (
            {},
            ModelCalled("main", PRICED),
            {
                "spend": Spend(
                    known_cost_usd=0.25, main_llm_calls=1, input_tokens=10, output_tokens=3, cached_tokens=2
                )
            },
        ),
        ({}, ModelCalled("reflection", UNPRICED), {"spend": Spend(unpriced_calls=1, reflection_llm_calls=1)}),
        ({}, ModelCalled("summarizer", None), {"spend": Spend(unpriced_calls=1, summarizer_llm_calls=1)}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_fact_changes_this_and_nothing_else(
    before: dict[str, Any], fact: Fact, changes: dict[str, Any]
) -> None:
    progress = Progress(**before)
    assert reduce(progress, fact) == Progress(**(before | changes))
    assert progress == Progress(**before)


NAMES = st.sampled_from(["a", "b"])
REPLIES = st.sampled_from([PRICED, UNPRICED, None])
FACTS: st.SearchStrategy[Fact] = st.one_of(
    st.sampled_from([StepBegan(), ReplyUnreadable(), AnswerSalvaged(), ArgsSuspect(), RevisionAsked()]),
    st.sampled_from([HopsExhausted(), DeadlinePassed(), AnswerJudged({"score": None, "passed": False})]),
    st.builds(
        ModelCalled, st.sampled_from(["main", "reflection"]), st.sampled_from([PRICED, UNPRICED, None])
    ),
    st.builds(ArgsRejected, NAMES),
    st.builds(ArgFillEnded, NAMES, st.booleans()),
    st.builds(FinishRepairEnded, st.booleans()),
    st.builds(CallsRan, st.integers(0, 3), st.lists(NAMES).map(tuple)),
    st.builds(OutcomeSeen, NAMES, NAMES),
    st.builds(OrderingMoved, st.lists(NAMES).map(tuple), st.booleans()),
    st.builds(StepsSummarised, st.integers(0, 9)),
    st.builds(LimitExtended, st.sampled_from(["max_iters", "hop_budget", "cost_limit_usd", "deadline_s"])),
)


@given(st.lists(FACTS))
def test_any_progress_reads_back_as_it_was_stored(facts: list[Fact]) -> None:
    progress = Progress()
    for fact in facts:
        progress = reduce(progress, fact)
    assert read_progress(json.loads(json.dumps(progress_record(progress)))) == progress


def test_counters_that_a_stored_progress_does_not_have_start_at_zero() -> None:
    assert read_progress({"action_seq": 3, "unknown": 1}) == Progress(action_seq=3)
    assert read_spend({"main_llm_calls": 2, "unknown": 1}) == Spend(main_llm_calls=2)


@pytest.mark.parametrize("price", [float("nan"), float("inf")])
def test_a_price_that_is_no_number_is_unknown(price: float) -> None:
    spend = Spend().with_call("main", LLMReply(text="", cost_usd=price))
    assert spend == Spend(unpriced_calls=1, main_llm_calls=1)


def test_a_sum_is_known_only_when_every_price_is() -> None:
    spend = Spend().with_call("main", PRICED).with_call("main", PRICED)
    assert (spend.to_json()["total_cost_usd"], spend.to_json()["cost_known"]) == (0.5, True)
    assert spend.with_call("summarizer", None).to_json()["cost_known"] is False
