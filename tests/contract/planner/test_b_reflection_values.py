"""Section 18: the values of the reflection loop, and what the constructor refuses."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from penguiflow.planner import ReflectionConfig, ReflectionCriteria, ReflectionCritique
from tests.contract.planner.fakes_b import Model, planner_with
from tests.fakes.planner_tools import answer, finished


def test_reflection_is_off_at_first() -> None:
    config = ReflectionConfig()
    assert (config.enabled, config.quality_threshold, config.max_revisions, config.use_separate_llm) == (
        False, 0.80, 2, False,
    )  # fmt: skip
    assert isinstance(config.criteria, ReflectionCriteria)


def test_the_criteria_are_three_texts_with_defaults() -> None:
    criteria = ReflectionCriteria()
    for text in (criteria.completeness, criteria.accuracy, criteria.clarity):
        assert isinstance(text, str)
        assert text
    assert ReflectionCriteria(accuracy="exact").accuracy == "exact"


@pytest.mark.parametrize(
    "wrong",
    [{"quality_threshold": -0.1}, {"quality_threshold": 1.1}, {"max_revisions": 0}, {"max_revisions": 11}],
)
def test_a_setting_out_of_range_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ReflectionConfig(**wrong)


@pytest.mark.parametrize(
    "right",
    [{"quality_threshold": 0}, {"quality_threshold": 1}, {"max_revisions": 1}, {"max_revisions": 10}],
)
def test_the_ends_of_the_ranges_are_allowed(right: dict[str, Any]) -> None:
    assert ReflectionConfig(**right).model_dump().items() >= right.items()


def test_a_critique_has_its_fields() -> None:
    critique = ReflectionCritique(score=0.5, passed=False, feedback="more")
    assert (critique.issues, critique.suggestions) == ([], [])


@pytest.mark.parametrize("score", [-0.1, 1.1])
def test_a_critique_with_an_impossible_score_is_refused(score: float) -> None:
    with pytest.raises(ValueError, match="score"):
        ReflectionCritique(score=score, passed=True, feedback="")


@pytest.mark.parametrize("missing", ["score", "passed", "feedback"])
def test_a_critique_needs_score_verdict_and_feedback(missing: str) -> None:
    fields: dict[str, Any] = {"score": 0.5, "passed": True, "feedback": ""}
    del fields[missing]
    with pytest.raises(ValidationError, match=missing):
        ReflectionCritique(**fields)


def test_a_separate_model_that_is_not_given_is_refused() -> None:
    with pytest.raises(ValueError, match="reflection_llm"):
        planner_with(reflection_config=ReflectionConfig(enabled=True, use_separate_llm=True))


@pytest.mark.parametrize("given", [False, True])
async def test_without_reflection_nobody_criticises(given: bool) -> None:
    config = ReflectionConfig() if given else None
    critic = Model()
    planner, model = planner_with(answer("yes"), reflection_config=config, reflection_llm=critic)
    result = finished(await planner.run("q"))
    assert "reflection" not in result.metadata
    assert (len(model.asked), critic.asked) == (1, [])
    assert result.metadata["cost"]["reflection_llm_calls"] == 0
