"""Section 18: what reflection does when a limit is reached, a critique is broken, or a price is counted."""

from __future__ import annotations

import asyncio
from itertools import repeat
from typing import Any

import pytest

from penguiflow.planner import ReflectionConfig
from tests.contract.planner.fakes_b import Model, planner_with
from tests.fakes.flows import loop_clock
from tests.fakes.planner_tools import answer, call, finished

WEAK = {"score": 0.3, "passed": False, "feedback": "weak"}
GOOD = {"score": 0.9, "passed": True, "feedback": "good"}


def reflecting(*planning: Any, critiques: Any, **options: Any) -> tuple[Any, Model]:
    model = Model(*planning, reflection_critique=critiques)
    return planner_with(model=model, reflection_config=ReflectionConfig(enabled=True), **options)


async def forever(_: Any) -> Any:
    await asyncio.Event().wait()


async def test_an_exhausted_hop_budget_ends_reflection_with_the_answer_as_it_is() -> None:
    planner, model = reflecting(
        call("echo"), call("other"), answer("unrevised"), critiques=[WEAK], hop_budget=1
    )
    result = finished(await planner.run("q"))
    assert (result.reason, result.payload["raw_answer"]) == ("answer_complete", "unrevised")
    assert result.metadata["answer_quality"] == "unsatisfied"
    assert result.metadata["reflection"].items() >= {"score": 0.3, "revisions": 0, "passed": False}.items()
    assert len(model.planning) == 3


async def test_a_deadline_ends_a_critique_that_hangs() -> None:
    planner, _ = reflecting(answer("so far"), critiques=[forever], deadline_s=10, time_source=loop_clock)
    started = loop_clock()
    result = finished(await planner.run("q"))
    assert loop_clock() - started == pytest.approx(10, abs=0.5)
    assert result.metadata["constraints"]["deadline_triggered"] is True
    assert result.metadata["answer_quality"] == "unsatisfied"
    assert result.payload["raw_answer"] == "so far"


async def test_a_deadline_ends_a_revision_that_hangs() -> None:
    planner, _ = reflecting(
        answer("so far"), forever, critiques=[WEAK], deadline_s=10, time_source=loop_clock
    )
    result = finished(await planner.run("q"))
    assert result.metadata["constraints"]["deadline_triggered"] is True
    assert result.metadata["answer_quality"] == "unsatisfied"
    assert result.payload["raw_answer"] == "so far"


async def test_a_deadline_that_passed_starts_no_revision() -> None:
    now = [0.0]

    def slow(_: Any) -> Any:
        now[0] += 60
        return WEAK

    planner, model = reflecting(
        answer("so far"), answer("never"), critiques=[slow], deadline_s=15, time_source=lambda: now[0]
    )
    result = finished(await planner.run("q"))
    assert result.payload["raw_answer"] == "so far"
    assert result.metadata["constraints"]["deadline_triggered"] is True
    assert len(model.planning) == 1


BROKEN = ["no JSON at all", '{"score": 7, "passed": true, "feedback": ""}', '{"passed": true}', "", "[1]"]


@pytest.mark.parametrize("broken", BROKEN)
async def test_a_broken_critique_is_asked_for_again(broken: str) -> None:
    planner, model = reflecting(answer("yes"), critiques=[broken, GOOD])
    result = finished(await planner.run("q"))
    assert len(model.of("reflection_critique")) == 2
    assert result.payload["raw_answer"] == "yes"
    assert result.metadata["reflection"].items() >= {"score": 0.9, "passed": True}.items()


@pytest.mark.parametrize("broken", BROKEN)
async def test_an_answer_whose_critique_stays_broken_is_given_and_marked(broken: str) -> None:
    planner, model = reflecting(answer("yes"), critiques=repeat(broken))
    result = finished(await planner.run("q"))
    assert (result.reason, result.payload["raw_answer"]) == ("answer_complete", "yes")
    assert result.metadata["reflection"]["error"]
    assert result.metadata["reflection"]["passed"] is False
    assert 2 <= len(model.of("reflection_critique")) <= 5


async def test_critiques_cost_reflection_and_revisions_cost_the_main_model() -> None:
    planner, _ = reflecting(
        (answer("one"), 0.5), (answer("two"), 0.25), critiques=[(WEAK, 0.0625), (GOOD, 0.125)]
    )
    cost = finished(await planner.run("q")).metadata["cost"]
    assert cost["total_cost_usd"] == 0.9375
    assert (cost["main_llm_calls"], cost["reflection_llm_calls"], cost["summarizer_llm_calls"]) == (2, 2, 0)


async def test_a_failing_critic_does_not_cost_the_answer_and_is_told() -> None:
    planner, _ = reflecting(answer("yes"), critiques=[ConnectionError("provider down")])
    result = finished(await planner.run("q"))
    assert (result.payload["raw_answer"], result.metadata["answer_quality"]) == ("yes", "unreviewed")
    assert "provider down" in result.metadata["reflection"]["error"]


async def test_the_verdict_on_the_last_answer_is_the_one_that_is_told() -> None:
    planner, _ = reflecting(answer("one"), answer("two"), critiques=[WEAK, GOOD])
    reflection = finished(await planner.run("q")).metadata["reflection"]
    assert (reflection["score"], reflection["feedback"]) == (0.9, "good")
