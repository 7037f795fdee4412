"""What a run did so far: its question and its steps, in a form that can be stored and read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from penguiflow.planner._json import Json, JsonObject, is_object, json_text
from penguiflow.planner._parse.normalise import read_action
from penguiflow.planner.action import PlannerAction, action_record

_DIGEST_CHARS = 120


@dataclass(slots=True)
class TrajectoryStep:
    """One recorded decision and what came of it.

    `observation` is the whole result, `llm_observation` what the model read instead when that differs.
    `latency_ms` is the time the model and the tools took, without waiting for people. `decision` is what a
    person decided about the call, in the form of `approvals.decision_to_json`; `resume_inputs` is what people
    said to go on after a tool of this step had paused the run.
    """

    action: PlannerAction
    observation: Any = None  # the JSON dump of the tool's own model
    llm_observation: Any = None  # as above
    error: str | None = None
    failure: Mapping[str, Any] | None = None
    streams: Mapping[str, Sequence[Mapping[str, Any]]] | None = None
    latency_ms: float | None = None
    decision: Mapping[str, Any] | None = None
    resume_inputs: list[str] = field(default_factory=list[str])

    def dump(self) -> JsonObject:
        """Return the stored form; most keys stand in it only when they are set."""
        record: JsonObject = {
            "action": action_record(self.action),
            "observation": self.observation,
            "error": self.error,
            "failure": dict(self.failure) if self.failure is not None else None,
        }
        if self.llm_observation is not None:
            record["llm_observation"] = self.llm_observation
        if self.streams:
            record["streams"] = {
                name: [dict(chunk) for chunk in chunks] for name, chunks in self.streams.items()
            }
        if self.latency_ms is not None:
            record["latency_ms"] = self.latency_ms
        if self.decision is not None:
            record["decision"] = dict(self.decision)
        if self.resume_inputs:
            record["resume_inputs"] = list(self.resume_inputs)
        return record

    def serialise_for_llm(self) -> Any:  # see `observation`
        """Return the observation as the model reads it."""
        return self.observation if self.llm_observation is None else self.llm_observation


@dataclass(slots=True)
class TrajectorySummary:
    """A short form of the steps so far."""

    goals: list[str] = field(default_factory=list[str])
    facts: JsonObject = field(default_factory=dict[str, Any])
    pending: list[str] = field(default_factory=list[str])
    last_output_digest: str | None = None
    note: str | None = None

    def compact(self) -> JsonObject:
        """Return the stored form."""
        record: JsonObject = {
            "goals": list(self.goals),
            "facts": dict(self.facts),
            "pending": list(self.pending),
            "last_output_digest": self.last_output_digest,
        }
        return record | ({"note": self.note} if self.note else {})


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
        summary = _mapping(record.get("summary"))
        return cls(
            query=record["query"],
            llm_context=_mapping(record.get("llm_context") or record.get("context_meta")),
            tool_context=_mapping(record.get("tool_context")) or {},
            artifacts=_mapping(record.get("artifacts")) or {},
            sources=_mappings(record.get("sources")),
            metadata=_mapping(record.get("metadata")) or {},
            steps=[_read_step(step) for step in record.get("steps") or ()],
            summary=TrajectorySummary(**summary) if summary is not None else None,
            hint_state=_mapping(record.get("hint_state")) or {},
            resume_user_input=record.get("resume_user_input"),
            steering_inputs=list(record.get("steering_inputs") or ()),
        )

    def compress(self) -> TrajectorySummary:
        """Summarise by rule and keep the result as `summary`."""
        summary = TrajectorySummary(goals=[self.query], note="rule_based")
        for step in self.steps:
            if step.error is not None:
                summary.pending.append(
                    f"retry {'finish' if step.action.is_terminal() else step.action.next_node}"
                )
        if self.steps:
            last = self.steps[-1]
            if last.error is not None:
                summary.facts["last_error"] = last.error
            else:
                summary.facts["last_observation"] = last.serialise_for_llm()
            summary.last_output_digest = _digest(last.error or json_text(last.serialise_for_llm()))
        self.summary = summary
        return summary


def _read_step(record: Mapping[str, Any]) -> TrajectoryStep:
    streams: dict[str, Sequence[Mapping[str, Any]]] = {
        name: tuple(_mappings(chunks))
        for name, chunks in (_mapping(record.get("streams")) or {}).items()
        if isinstance(chunks, Sequence) and not isinstance(chunks, str)
    }
    return TrajectoryStep(
        action=read_action(record["action"]),
        observation=record.get("observation"),
        llm_observation=record.get("llm_observation"),
        error=record.get("error"),
        failure=_mapping(record.get("failure")),
        streams=streams or None,
        latency_ms=record.get("latency_ms"),
        decision=_mapping(record.get("decision")),
        resume_inputs=[str(text) for text in record.get("resume_inputs") or ()],
    )


def _mapping(value: Json) -> JsonObject | None:
    return dict(value) if is_object(value) else None


def _mappings(value: Json) -> list[JsonObject]:
    return [dict(item) for item in filter(is_object, value or ())]


def _digest(text: str) -> str:
    return text if len(text) <= _DIGEST_CHARS else text[: _DIGEST_CHARS - 3] + "..."
