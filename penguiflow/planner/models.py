"""Values the planner takes and gives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, Field

from penguiflow.llm.protocol import JSONLLMClient
from penguiflow.planner._reserved import SPECIAL_NODE_TYPES
from penguiflow.planner.action import JoinInjection, ParallelCall, ParallelJoin, PlannerAction
from penguiflow.planner.context import PlannerPauseReason
from penguiflow.planner.events import PlannerEvent, PlannerEventCallback

__all__ = [
    "RESERVED_NEXT_NODES",
    "SPECIAL_NODE_TYPES",
    "AnswerQuality",
    "FinalPayload",
    "FinishReason",
    "JSONLLMClient",
    "JoinInjection",
    "ObservationGuardrailConfig",
    "ParallelCall",
    "ParallelJoin",
    "PlannerAction",
    "PlannerEvent",
    "PlannerEventCallback",
    "PlannerFinish",
    "PlannerPause",
    "Source",
    "SuggestedAction",
    "ToolPolicy",
]

RESERVED_NEXT_NODES = SPECIAL_NODE_TYPES

FinishReason = Literal["answer_complete", "no_path", "budget_exhausted"]

AnswerQuality = Literal["answer", "repaired", "none"]
"""`metadata["answer_quality"]`: the model answered; it answered after its output was sent back; no answer."""


class PlannerFinish(BaseModel):
    """A run ended. Only `answer_complete` carries an answer: a dump of `FinalPayload`.

    Otherwise `payload` is the last observation or what a person should know to go on, and
    `metadata["error"]` says why there is no answer.
    """

    reason: FinishReason
    payload: Any = None  # depends on `reason`
    metadata: dict[str, Any] = Field(default_factory=dict)


class PlannerPause(BaseModel):
    """A run waits. `ReactPlanner.resume(resume_token, ...)` goes on, once."""

    reason: PlannerPauseReason
    payload: dict[str, Any] = Field(default_factory=dict)
    resume_token: str


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
    """How much of a tool's result the model gets to read. The full result stays in the run's metadata."""

    max_observation_chars: int = Field(default=50_000, ge=1000)
    max_field_chars: int = Field(default=10_000, ge=100)
    truncation_suffix: str = "... [{truncated_chars} characters left out]"
