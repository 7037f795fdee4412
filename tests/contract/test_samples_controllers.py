"""What the project's first description says of controller loops, budgets and deadlines, as programs."""

from __future__ import annotations

import pytest

from tests.fakes.flows import loop_clock, message, running
from tests.fakes.samples import run_sample

CONTROLLER = """
from penguiflow import FinalAnswer, Message, Node, NodePolicy, PlanStep, Thought, WM, create

async def think(msg: Message, ctx) -> Message:
    wm = msg.payload
    hops.append(wm.hops)
    thought = Thought(steps=[PlanStep(kind="retrieve", args={"n": wm.hops})], rationale="look further")
    facts = [*wm.facts, thought]
    if len(facts) == enough:
        return msg.model_copy(update={"payload": FinalAnswer(text="found", citations=["a"])})
    tokens = wm.tokens_used + 100
    return msg.model_copy(update={"payload": wm.model_copy(update={"facts": facts, "tokens_used": tokens})})

hops = []
controller = Node(think, name="controller", policy=NodePolicy(validate="none"), allow_cycle=True)
flow = create(controller.to(controller))
"""


async def test_a_controller_goes_round_until_it_returns_a_final_answer() -> None:
    names = await run_sample(CONTROLLER, enough=3)
    sent = message(names["WM"](query="where"), meta={"user": "ada"})

    async with running(names["flow"]) as flow:
        await flow.emit(sent)
        answer = await flow.fetch()

    assert answer.payload == names["FinalAnswer"](text="found", citations=["a"])
    assert (answer.trace_id, answer.headers, answer.meta) == (sent.trace_id, sent.headers, {"user": "ada"})
    assert names["hops"] == [0, 1, 2]


@pytest.mark.parametrize(
    ("budget", "calls", "text"),
    [
        ({"budget_hops": 3}, 3, "Hop budget exhausted"),
        ({"budget_hops": None, "budget_tokens": 250}, 3, "Token budget exhausted"),
        ({"budget_hops": 9, "budget_tokens": None}, 9, "Hop budget exhausted"),
        ({}, 8, "Hop budget exhausted"),
    ],
)
async def test_an_exhausted_budget_becomes_a_final_answer(
    budget: dict[str, int | None], calls: int, text: str
) -> None:
    names = await run_sample(CONTROLLER, enough=50)

    async with running(names["flow"]) as flow:
        await flow.emit(message(names["WM"](query="where", **budget)))
        answer = await flow.fetch()

    assert answer.payload == names["FinalAnswer"](text=text)
    assert len(names["hops"]) == calls


async def test_a_deadline_that_has_passed_becomes_a_final_answer_without_a_call() -> None:
    names = await run_sample(CONTROLLER, enough=50)
    flow = names["create"](names["controller"].to(names["controller"]), clock=loop_clock)

    async with running(flow):
        await flow.emit(message(names["WM"](query="where"), deadline_s=-1.0))
        answer = await flow.fetch()

    assert answer.payload == names["FinalAnswer"](text="Deadline exceeded")
    assert names["hops"] == []
