"""One recorded step of a run, in a form that can be stored and read back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from penguiflow.planner._json import Json, JsonObject, is_object
from penguiflow.planner._parse.normalise import read_action
from penguiflow.planner.action import PlannerAction, action_record


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


def read_step(record: Mapping[str, Any]) -> TrajectoryStep:
    """Read what `TrajectoryStep.dump` wrote; damaged streams are left out."""
    streams: dict[str, Sequence[Mapping[str, Any]]] = {
        name: tuple(mappings_in(chunks))
        for name, chunks in (mapping_or_none(record.get("streams")) or {}).items()
        if isinstance(chunks, Sequence) and not isinstance(chunks, str)
    }
    return TrajectoryStep(
        action=read_action(record["action"]),
        observation=record.get("observation"),
        llm_observation=record.get("llm_observation"),
        error=record.get("error"),
        failure=mapping_or_none(record.get("failure")),
        streams=streams or None,
        latency_ms=record.get("latency_ms"),
        decision=mapping_or_none(record.get("decision")),
        resume_inputs=[str(text) for text in record.get("resume_inputs") or ()],
    )


def mapping_or_none(value: Json) -> JsonObject | None:
    """Return a copy of a JSON object, None when it is none."""
    return dict(value) if is_object(value) else None


def mappings_in(value: Json) -> list[JsonObject]:
    """Return copies of the objects in a list."""
    return [dict(item) for item in filter(is_object, value or ())]
