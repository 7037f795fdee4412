"""What a planner is told about judging its answers, and what a judgement looks like."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field


class ReflectionCriteria(BaseModel):
    """What a good answer is, in words for the model that judges it."""

    completeness: str = "It answers every part of the question."
    accuracy: str = "Everything it claims is shown by the observations."
    clarity: str = "It is well ordered and says plainly what is known and what is not."


class ReflectionConfig(BaseModel):
    """Whether and how answers are judged before a run ends.

    An answer passes when its score is at least `quality_threshold`. Otherwise the model gets the critique and
    goes on, at most `max_revisions` times; then it says what it could not find out. The planner's
    `reflection_llm` judges when there is one; with `use_separate_llm` there must be one.
    """

    enabled: bool = False
    criteria: ReflectionCriteria = Field(default_factory=ReflectionCriteria)
    quality_threshold: float = Field(default=0.80, ge=0.0, le=1.0)
    max_revisions: int = Field(default=2, ge=1, le=10)
    use_separate_llm: bool = False


class ReflectionCritique(BaseModel):
    """A judgement of one answer. The threshold decides whether it passes, whatever `passed` says."""

    score: float = Field(ge=0.0, le=1.0)
    passed: bool
    feedback: str
    issues: list[str] = Field(default_factory=list[str])
    suggestions: list[str] = Field(default_factory=list[str])


class ClarificationResponse(BaseModel):
    """What the model says when no answer of its own was good enough."""

    text: str
    confidence: Literal["satisfied", "unsatisfied"] = "unsatisfied"
    attempted_approaches: list[str] = Field(default_factory=list[str])
    clarifying_questions: list[str] = Field(default_factory=list[str])
    suggestions: list[str] = Field(default_factory=list[str])
    reflection_score: float | None = None
    revision_attempts: int | None = None
