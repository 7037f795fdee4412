"""Section 18: critique, revision and clarification of an answer."""

from __future__ import annotations

from itertools import repeat
from typing import Any

import pytest
from pydantic import BaseModel

from penguiflow.catalog import tool
from penguiflow.planner import ReflectionConfig, ReflectionCriteria
from tests.contract.planner.fakes_b import Bench, Model, PlainModel, Words, planner_with, steps_of
from tests.fakes.planner_tools import Heard, answer, call, finished

CLARIFICATION = {
    "text": "I could not find out enough.",
    "confidence": "unsatisfied",
    "attempted_approaches": ["looked once"],
    "clarifying_questions": ["Which region do you mean?"],
    "suggestions": ["Name a region"],
    "reflection_score": 0.3,
    "revision_attempts": 1,
}


def critique(score: float, passed: bool | None = None, **more: Any) -> dict[str, Any]:
    verdict = score >= 0.8 if passed is None else passed
    return {"score": score, "passed": verdict, "feedback": f"it is a {score}", **more}


def reflecting(
    *planning: Any,
    critiques: Any = (),
    clarifications: Any = (),
    bench: Bench | None = None,
    options: dict[str, Any] | None = None,
    **config: Any,
) -> tuple[Any, Model]:
    model = Model(*planning, reflection_critique=critiques, clarification_response=clarifications)
    return planner_with(
        model=model,
        bench=bench,
        reflection_config=ReflectionConfig(enabled=True, **config),
        **options or {},
    )


async def test_a_good_answer_is_given_at_once() -> None:
    planner, model = reflecting(answer("good"), critiques=[critique(0.9)])
    result = finished(await planner.run("q"))
    assert result.payload["raw_answer"] == "good"
    assert result.metadata["reflection"].items() >= {
        "score": 0.9, "revisions": 0, "passed": True, "feedback": "it is a 0.9",
    }.items()  # fmt: skip
    assert result.metadata["answer_quality"] == "answer"
    assert [asked.role for asked in model.asked] == ["planner_action", "reflection_critique"]


async def test_a_critique_is_asked_of_a_system_and_a_user_message_with_its_schema() -> None:
    planner, model = reflecting(
        answer("the candidate"),
        critiques=[critique(0.9)],
        criteria=ReflectionCriteria(completeness="all of it", accuracy="no guesses", clarity="short"),
    )
    await planner.run("the question")
    (asked,) = model.of("reflection_critique")
    assert [message["role"] for message in asked.messages] == ["system", "user"]
    assert asked.stream is False
    for shown in ("all of it", "no guesses", "short", "the question", "the candidate"):
        assert shown in asked.text


@pytest.mark.parametrize(
    ("score", "said", "passes"),
    [(0.85, False, True), (0.8, False, True), (0.05, True, False), (0.79, True, False)],
)
async def test_the_score_alone_decides(score: float, said: bool, passes: bool) -> None:
    planner, model = reflecting(
        answer("one"), answer("two"), critiques=[critique(score, passed=said), critique(0.9)]
    )
    result = finished(await planner.run("q"))
    assert result.payload["raw_answer"] == ("one" if passes else "two")
    assert len(model.of("reflection_critique")) == (1 if passes else 2)
    assert result.metadata["reflection"]["passed"] is True


async def test_a_weak_answer_is_revised_with_the_critique_in_view() -> None:
    weak = critique(0.4, issues=["no numbers"], suggestions=["add the numbers"])
    planner, model = reflecting(answer("weak"), answer("strong"), critiques=[weak, critique(0.95)])
    result = finished(await planner.run("q"))
    assert result.payload["raw_answer"] == "strong"
    assert result.metadata["reflection"].items() >= {"score": 0.95, "revisions": 1, "passed": True}.items()
    revision = model.planning[1]
    assert revision.messages[-1]["role"] == "user"
    for shown in ("0.4", "no numbers", "add the numbers"):
        assert shown in revision.messages[-1]["content"]
    assert "weak" in revision.text, "the model must see the answer that it revises"


async def test_a_revision_is_a_step_without_a_hop() -> None:
    planner, _ = reflecting(
        call("echo"), answer("weak"), answer("strong"), critiques=[critique(0.4), critique(0.9)]
    )
    result = finished(await planner.run("q"))
    assert [step["observation"] for step in steps_of(result)] == [
        {"said": "x"}, {"status": "revision_requested"},
    ]  # fmt: skip
    assert result.metadata["constraints"]["hops_used"] == 1


async def test_the_critic_sees_arguments_and_observations() -> None:
    planner, model = reflecting(
        call("echo", text="a telling argument"), answer("so"), critiques=[critique(0.9)]
    )
    await planner.run("q")
    (asked,) = model.of("reflection_critique")
    assert asked.text.count("a telling argument") >= 2  # what echo was given, and what it returned


async def test_every_critique_is_an_event() -> None:
    heard = Heard()
    long = critique(0.4) | {"feedback": "f" * 500}
    planner, _ = reflecting(
        {"thought": "first try", "next_node": "final_response", "args": {"answer": "weak"}},
        answer("strong"),
        critiques=[long, critique(0.9)],
        options={"event_callback": heard},
    )
    await planner.run("q")
    first, second = heard.of("reflection_critique")
    assert first.extra.items() >= {"score": 0.4, "passed": False, "revision": 0}.items()
    assert first.extra["feedback"] == "f" * 200
    assert first.thought
    assert second.extra.items() >= {"score": 0.9, "passed": True, "revision": 1}.items()


@pytest.mark.parametrize("revisions", [1, 2, 3])
async def test_the_loop_ends_after_the_allowed_revisions(revisions: int) -> None:
    planner, model = reflecting(
        *[answer(f"try {n}") for n in range(revisions + 1)],
        critiques=repeat(critique(0.3)),
        clarifications=[CLARIFICATION],
        max_revisions=revisions,
    )
    result = finished(await planner.run("q"))
    assert len(model.of("reflection_critique")) == revisions + 1
    assert len(model.planning) == revisions + 1
    assert result.metadata["reflection"].items() >= {"revisions": revisions, "passed": False}.items()


async def test_in_the_end_a_clarification_replaces_the_rejected_answer() -> None:
    heard = Heard()
    planner, model = reflecting(
        answer("rejected one"),
        answer("rejected two"),
        critiques=repeat(critique(0.3)),
        clarifications=[CLARIFICATION],
        max_revisions=1,
        options={"event_callback": heard},
    )
    result = finished(await planner.run("q"))
    assert result.reason == "answer_complete"
    assert result.metadata["answer_quality"] == "clarification"
    payload = result.payload
    assert "I could not find out enough." in payload["raw_answer"]
    assert "Which region do you mean?" in payload["raw_answer"]
    assert payload["route"] == "unknown"
    assert payload["extra"]["metadata"] == {
        "confidence": "unsatisfied", "reflection_score": 0.3, "revision_attempts": 1,
    }  # fmt: skip
    assert "rejected" not in str(payload)
    (event,) = heard.of("reflection_clarification_generated")
    assert dict(event.extra) == {"original_score": 0.3, "threshold": 0.8, "revisions": 1}
    assert len(model.of("clarification_response")) == 1


class Routed(BaseModel):
    route: str


async def test_a_clarification_takes_the_route_of_the_first_observation() -> None:
    @tool(desc="finds the route")
    async def triage(args: Words, ctx: Any) -> Routed:
        return Routed(route="billing")

    planner, _ = reflecting(
        call("triage"),
        answer("one"),
        answer("two"),
        critiques=repeat(critique(0.3)),
        clarifications=[CLARIFICATION],
        max_revisions=1,
        options={"catalog": [triage]},
    )
    assert finished(await planner.run("q")).payload["route"] == "billing"


async def test_a_clarification_need_not_repeat_the_score() -> None:
    bare = {
        key: CLARIFICATION[key] for key in CLARIFICATION if not key.startswith(("reflection", "revision"))
    }
    planner, _ = reflecting(
        answer("one"), answer("two"), critiques=repeat(critique(0.3)), clarifications=[bare], max_revisions=1
    )
    result = finished(await planner.run("q"))
    assert result.metadata["answer_quality"] == "clarification"
    assert "I could not find out enough." in result.payload["raw_answer"]


async def test_a_separate_model_criticises_and_the_main_one_does_the_rest() -> None:
    critic = PlainModel(reflection_critique=repeat(critique(0.3)))
    model = Model(answer("one"), answer("two"), clarification_response=[CLARIFICATION])
    planner, _ = planner_with(
        model=model,
        reflection_config=ReflectionConfig(enabled=True, use_separate_llm=True, max_revisions=1),
        reflection_llm=critic,
    )
    result = finished(await planner.run("q"))
    assert [asked.role for asked in critic.asked] == ["reflection_critique"] * 2
    assert [asked.role for asked in model.asked] == ["planner_action"] * 2 + ["clarification_response"]
    cost = result.metadata["cost"]
    assert (cost["main_llm_calls"], cost["reflection_llm_calls"]) == (3, 2)


async def test_a_revision_that_is_a_tool_call_is_executed() -> None:
    bench = Bench()
    planner, _ = reflecting(
        answer("guessed"),
        call("echo", text="look it up"),
        answer("known"),
        critiques=[critique(0.3), critique(0.9)],
        bench=bench,
    )
    result = finished(await planner.run("q"))
    assert bench.done == ["echo look it up"]
    assert result.payload["raw_answer"] == "known"
