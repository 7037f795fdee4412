"""Values the planner takes and gives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, Field

from penguiflow.llm.protocol import JSONLLMClient
from penguiflow.planner._reserved import SPECIAL_NODE_TYPES
from penguiflow.planner.action import (
    FinalResponseArgs,
    JoinInjection,
    ParallelCall,
    ParallelJoin,
    PlanArgs,
    PlanJoin,
    PlannerAction,
    PlanStep,
)
from penguiflow.planner.context import AnyContext, PlannerPauseReason, ToolContext
from penguiflow.planner.events import PlannerEvent, PlannerEventCallback
from penguiflow.planner.recovery import ErrorRecoveryConfig, LLMErrorType
from penguiflow.planner.reflection import (
    ClarificationResponse,
    ReflectionConfig,
    ReflectionCriteria,
    ReflectionCritique,
)

__all__ = [
    "RESERVED_NEXT_NODES",
    "SPECIAL_NODE_TYPES",
    "AnswerQuality",
    "AnyContext",
    "ClarificationResponse",
    "ErrorRecoveryConfig",
    "FinalPayload",
    "FinalResponseArgs",
    "FinishReason",
    "JSONLLMClient",
    "JoinInjection",
    "LLMErrorType",
    "ObservationGuardrailConfig",
    "ParallelCall",
    "ParallelJoin",
    "PlanArgs",
    "PlanJoin",
    "PlanStep",
    "PlannerAction",
    "PlannerEvent",
    "PlannerEventCallback",
    "PlannerFinish",
    "PlannerPause",
    "ReflectionConfig",
    "ReflectionCriteria",
    "ReflectionCritique",
    "Source",
    "SuggestedAction",
    "ToolContext",
    "ToolPolicy",
]

RESERVED_NEXT_NODES = SPECIAL_NODE_TYPES

FinishReason = Literal["answer_complete", "no_path", "budget_exhausted", "no_progress"]
"""Why a run ended: with an answer; without one; at a limit; because the same call kept giving the same."""

AnswerQuality = Literal[
    "answer",
    "repaired",
    "salvaged",
    "fallback",
    "clarification",
    "unsatisfied",
    "unreviewed",
    "graceful_failure",
    "none",
]
"""`metadata["answer_quality"]`, how much the answer is worth:

- `answer`: the model's answer as it came.
- `repaired`: its answer after its output, or the missing text, was asked for again.
- `salvaged`: read out of a reply that breaks off; it may be incomplete.
- `fallback`: the model named no answer; the text is other output of its or the last observation.
- `clarification`: no answer passed the critique; the text says what is missing.
- `unsatisfied`: the answer did not pass the critique and a limit left no room for another.
- `unreviewed`: the critique could not be had.
- `graceful_failure`: the model says why it could not call a tool.
- `none`: no answer; `reason` is not `answer_complete`.
"""


class PlannerFinish(BaseModel):
    """A run ended. Only `answer_complete` carries an answer: a dump of `FinalPayload`.

    Otherwise `payload` is the last observation or what a person should know to go on, and
    `metadata["error"]` says why there is no answer.
    """

    reason: FinishReason
    payload: Any = None  # depends on `reason`
    metadata: dict[str, Any] = Field(default_factory=dict)


class PlannerPause(BaseModel):
    """A run waits. `ReactPlanner.resume(resume_token, ...)` goes on, once.

    When several calls of one step wait, `also` holds the others, each with a token of its own. They may be
    answered in any order; until the last is, `resume` returns what still waits.
    """

    reason: PlannerPauseReason
    payload: dict[str, Any] = Field(default_factory=dict)
    resume_token: str
    also: list[PlannerPause] = Field(default_factory=list["PlannerPause"])


class Source(BaseModel):
    """Where a statement of the answer comes from."""

    title: str
    url: str | None = None
    snippet: str | None = None
    relevance_score: float | None = None


class SuggestedAction(BaseModel):
    """Something the person may want to do next."""

    action_id: str
    label: str
    params: dict[str, Any] = Field(default_factory=dict)


class FinalPayload(BaseModel):
    """The answer and what the model said about it; unknown keys of the model stand in `extra`."""

    raw_answer: str
    artifacts: dict[str, Any] = Field(default_factory=dict)
    confidence: float | None = Field(default=None, ge=0.0, le=1.0)
    sources: list[Source] = Field(default_factory=list[Source])
    route: str | None = None
    suggested_actions: list[SuggestedAction] = Field(default_factory=list[SuggestedAction])
    requires_followup: bool = False
    warnings: list[str] = Field(default_factory=list)
    language: str | None = None
    extra: dict[str, Any] = Field(default_factory=dict)


class ToolPolicy(BaseModel):
    """Which tools a planner may see: denied names first, then allowed names, then required tags."""

    allowed_tools: set[str] | None = None
    denied_tools: set[str] = Field(default_factory=set)
    require_tags: set[str] = Field(default_factory=set)

    def is_allowed(self, node_name: str, node_tags: Iterable[str]) -> bool:
        """Return whether the tool stays."""
        if node_name in self.denied_tools:
            return False
        if self.allowed_tools is not None and node_name not in self.allowed_tools:
            return False
        return self.require_tags.issubset(node_tags)


class ObservationGuardrailConfig(BaseModel):
    """How much of a tool's result the model gets to read. The full result stays in the run's metadata.

    A result of more than `max_observation_chars` of JSON is cut, keeping its structure unless
    `preserve_structure` is off. From `auto_artifact_threshold` characters on (0: never) it goes to the
    artifact store instead, when the planner has one that keeps things, and the model reads a preview of
    `preview_length` characters.
    """

    max_observation_chars: int = Field(default=50_000, ge=1000)
    max_field_chars: int = Field(default=10_000, ge=100)
    preserve_structure: bool = True
    auto_artifact_threshold: int = Field(default=20_000, ge=0)
    preview_length: int = Field(default=500, ge=0)
    truncation_suffix: str = "... [{truncated_chars} characters left out]"
