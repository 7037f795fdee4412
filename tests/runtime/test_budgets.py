"""Verdicts on controller loops, as tables."""

from __future__ import annotations

from typing import Any

import pytest

from penguiflow import WM, FinalAnswer, Message
from penguiflow._runtime.budgets import Finish, LoopBack, deadline_answer, judge
from tests.fakes.flows import message

NOW = 100.0


def wm(**fields: Any) -> Message:
    deadline_s = fields.pop("deadline_s", None)
    return message(WM(query="q", **fields), deadline_s=deadline_s)


@pytest.mark.parametrize(
    ("result", "before", "text"),
    [
        (wm(deadline_s=99.0), wm(), "Deadline exceeded"),
        (wm(deadline_s=99.0, budget_tokens=1, tokens_used=1), wm(), "Deadline exceeded"),
        (wm(budget_tokens=5, tokens_used=5), wm(), "Token budget exhausted"),
        (wm(budget_tokens=5, tokens_used=9, budget_hops=1), wm(), "Token budget exhausted"),
        (wm(budget_hops=1), wm(), "Hop budget exhausted"),
        (wm(budget_hops=3, hops=2), wm(hops=2), "Hop budget exhausted"),
        (wm(budget_hops=3, hops=3), wm(hops=2), "Hop budget exhausted"),
        (wm(budget_hops=0), message("no memory yet"), "Hop budget exhausted"),
    ],
)
def test_an_exhausted_loop_ends_with_the_first_reason_that_applies(
    result: Message, before: Message, text: str
) -> None:
    verdict = judge(result, before, loops=True, now=NOW)

    assert isinstance(verdict, Finish)
    assert verdict.message.payload == FinalAnswer(text=text)
    assert verdict.message.trace_id == result.trace_id


@pytest.mark.parametrize(
    ("result", "before", "hops", "echo"),
    [
        (wm(deadline_s=100.0), wm(), 1, False),
        (wm(hops=2), wm(hops=2), 3, False),
        (wm(hops=1), wm(hops=2), 3, False),
        (wm(hops=5), wm(hops=2), 5, False),
        (wm(hops=0), message("no memory yet"), 0, False),
        (wm(budget_hops=None, budget_tokens=5), wm(), 1, False),
        (wm(budget_hops=None), wm(), 1, True),
    ],
)
def test_a_loop_goes_on_and_counts_its_hops(result: Message, before: Message, hops: int, echo: bool) -> None:
    verdict = judge(result, before, loops=True, now=NOW)

    assert isinstance(verdict, LoopBack)
    assert verdict.message.payload.hops == hops
    assert verdict.echo is echo


def test_counting_does_not_change_what_the_node_returned() -> None:
    returned = wm()

    judge(returned, wm(), loops=True, now=NOW)

    assert returned.payload.hops == 0


@pytest.mark.parametrize("loops", [True, False])
def test_a_final_answer_ends_the_loop_from_any_node(loops: bool) -> None:
    answer = message(FinalAnswer(text="42"))

    verdict = judge(answer, wm(), loops=loops, now=NOW)

    assert verdict == Finish(message=answer)


def test_working_memory_passes_through_a_node_that_does_not_loop() -> None:
    assert judge(wm(budget_hops=1), wm(), loops=False, now=NOW) is None


def test_any_other_payload_is_ordinary() -> None:
    assert judge(message("text"), wm(), loops=True, now=NOW) is None


def test_a_late_message_is_answered_but_an_answer_stays() -> None:
    late, answer = message("work"), message(FinalAnswer(text="42"))

    assert deadline_answer(late).payload == FinalAnswer(text="Deadline exceeded")
    assert deadline_answer(answer) == answer
