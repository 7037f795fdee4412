"""What a run did so far: its question and its steps, in a form that can be stored and read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from penguiflow.planner._json import JsonObject
from penguiflow.planner._step import TrajectoryStep, mapping_or_none, mappings_in, read_step
from penguiflow.planner._summary import TrajectorySummary, summary_with

__all__ = ["Trajectory", "TrajectoryStep", "TrajectorySummary"]


@dataclass(slots=True)
class Trajectory:
    """A run's question, contexts and steps."""

    query: str
    llm_context: Mapping[str, Any] | None = None
    tool_context: Mapping[str, Any] | None = None
    artifacts: JsonObject = field(default_factory=dict[str, Any])
    sources: list[JsonObject] = field(default_factory=list[JsonObject])
    metadata: JsonObject = field(default_factory=dict[str, Any])
    steps: list[TrajectoryStep] = field(default_factory=list[TrajectoryStep])
    summary: TrajectorySummary | None = None
    hint_state: JsonObject = field(default_factory=dict[str, Any])
    resume_user_input: str | None = None
    steering_inputs: list[str] = field(default_factory=list[str])

    def to_history(self) -> list[JsonObject]:
        """Return the stored form of every step."""
        return [step.dump() for step in self.steps]

    def last_observation(self) -> Any:  # see `TrajectoryStep.observation`
        """Return the observation of the last step, None when it failed or there is none."""
        return self.steps[-1].observation if self.steps else None

    def serialise(self) -> JsonObject:
        """Return the stored form; `tool_context` stands in it as it is."""
        return {
            "query": self.query,
            "llm_context": dict(self.llm_context) if self.llm_context is not None else None,
            "tool_context": dict(self.tool_context) if self.tool_context is not None else None,
            "artifacts": dict(self.artifacts),
            "sources": [dict(source) for source in self.sources],
            "metadata": dict(self.metadata),
            "steps": self.to_history(),
            "summary": self.summary.compact() if self.summary is not None else None,
            "hint_state": dict(self.hint_state),
            "resume_user_input": self.resume_user_input,
            "steering_inputs": list(self.steering_inputs),
        }

    @classmethod
    def from_serialised(cls, record: Mapping[str, Any]) -> Trajectory:
        """Read what `serialise` wrote; the key `context_meta` is read where `llm_context` is missing.

        Raises:
            KeyError: the record has no `query`.
        """
        summary = mapping_or_none(record.get("summary"))
        return cls(
            query=record["query"],
            llm_context=mapping_or_none(record.get("llm_context") or record.get("context_meta")),
            tool_context=mapping_or_none(record.get("tool_context")) or {},
            artifacts=mapping_or_none(record.get("artifacts")) or {},
            sources=mappings_in(record.get("sources")),
            metadata=mapping_or_none(record.get("metadata")) or {},
            steps=[read_step(step) for step in record.get("steps") or ()],
            summary=TrajectorySummary(**summary) if summary is not None else None,
            hint_state=mapping_or_none(record.get("hint_state")) or {},
            resume_user_input=record.get("resume_user_input"),
            steering_inputs=list(record.get("steering_inputs") or ()),
        )

    def compress(self) -> TrajectorySummary:
        """Summarise by rule and keep the result as `summary`: of the observations only the last."""
        summary = summary_with(None, self.query, self.steps)
        summary.facts = {key: fact for key, fact in summary.facts.items() if key.startswith("last_")}
        self.summary = summary
        return summary
