"""The calls of one step: planned, asked about, run, settled. Values only; all of them can be stored.

A single tool call is a step with one call; a parallel plan has several and perhaps a join.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

from penguiflow.planner._json import Json, JsonObject
from penguiflow.planner._parse.normalise import read_action
from penguiflow.planner._rules.values import changed
from penguiflow.planner.action import PlannerAction, action_record
from penguiflow.planner.context import PlannerPauseReason

Streams = Mapping[str, Sequence[JsonObject]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseRequest:
    """A tool asked to wait for a person."""

    reason: PlannerPauseReason
    payload: JsonObject = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCall:
    """A call whose arguments are valid. `args` are exactly those that run; `decision` is a person's.

    `parsed` is the validated form of `args` and `placeholders` are what looks like none in them; neither is
    stored, so `parsed` is None after a stored call was read.
    """

    call_id: str
    node: str
    args: JsonObject
    needs_approval: bool = False
    decision: JsonObject | None = None
    parsed: BaseModel | None = None
    placeholders: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)  # without slots, for `changed`
class CallResult:
    """What came of a call."""

    status: Literal["succeeded", "failed", "paused"]
    observation: Any = None  # the JSON dump of the tool's own model
    llm_observation: Any = None  # what the model reads instead, when it differs
    error: str | None = None
    failure: JsonObject | None = None
    pause: PauseRequest | None = None
    streams: Streams = field(default_factory=dict[str, Sequence[JsonObject]])
    artifacts: JsonObject = field(default_factory=dict[str, Any])
    sources: Sequence[JsonObject] = ()
    latency_ms: float = 0.0

    def shown(self) -> Any:  # see `observation`
        """Return the observation as the model reads it."""
        return self.observation if self.llm_observation is None else self.llm_observation


@dataclass(frozen=True, kw_only=True)  # without slots, for `changed`
class PendingStep:
    """A step that is not recorded yet. The join, once planned, stands behind the branches in `calls`."""

    action: PlannerAction
    action_seq: int
    model_ms: float
    calls: tuple[PlannedCall, ...]
    results: tuple[CallResult | None, ...]
    join_planned: bool = False

    @classmethod
    def of(
        cls, action: PlannerAction, action_seq: int, model_ms: float, calls: Sequence[PlannedCall]
    ) -> PendingStep:
        """Return the step before any of its calls ran."""
        return cls(
            action=action,
            action_seq=action_seq,
            model_ms=model_ms,
            calls=tuple(calls),
            results=(None,) * len(calls),
        )

    @property
    def branch_count(self) -> int:
        """Return the number of calls without the join."""
        return len(self.calls) - self.join_planned

    def runnable(self) -> list[int]:
        """Return the positions of calls that may run now."""
        return [i for i in self.open_calls() if not self.calls[i].needs_approval]

    def waiting_calls(self) -> list[int]:
        """Return the positions of calls that wait for a person."""
        return [i for i in self.open_calls() if self.calls[i].needs_approval]

    def settled(self) -> list[CallResult]:
        """Return the results of calls that are settled, in order."""
        return [result for result in self.results if result is not None]

    def with_results(self, results: Mapping[int, CallResult]) -> PendingStep:
        """Return the step with these calls settled."""
        return changed(self, results=tuple(results.get(i, old) for i, old in enumerate(self.results)))

    def with_call(self, position: int, call: PlannedCall) -> PendingStep:
        """Return the step with one call replaced."""
        return changed(self, calls=(*self.calls[:position], call, *self.calls[position + 1 :]))

    def with_join(self, call: PlannedCall, result: CallResult | None = None) -> PendingStep:
        """Return the step with its join planned, or settled at once."""
        return changed(self, calls=(*self.calls, call), results=(*self.results, result), join_planned=True)

    def open_calls(self) -> list[int]:
        """Return the positions of calls that are not settled."""
        return [i for i, result in enumerate(self.results) if result is None]


def pending_record(pending: PendingStep) -> JsonObject:
    """Return the stored form."""
    return {
        "action": action_record(pending.action),
        "action_seq": pending.action_seq,
        "model_ms": pending.model_ms,
        "calls": [_call_record(call) for call in pending.calls],
        "results": [asdict(result) if result is not None else None for result in pending.results],
        "join_planned": pending.join_planned,
    }


def read_pending(record: Mapping[str, Any]) -> PendingStep:
    """Read what `pending_record` wrote.

    Raises:
        KeyError, TypeError: the record is damaged.
    """
    return PendingStep(
        action=read_action(record["action"]),
        action_seq=record["action_seq"],
        model_ms=record["model_ms"],
        calls=tuple(PlannedCall(**call) for call in record["calls"]),
        results=tuple(_read_result(result) for result in record["results"]),
        join_planned=record["join_planned"],
    )


def _call_record(call: PlannedCall) -> JsonObject:
    return {
        "call_id": call.call_id,
        "node": call.node,
        "args": call.args,
        "needs_approval": call.needs_approval,
        "decision": call.decision,
    }


def _read_result(record: Mapping[str, Any] | None) -> CallResult | None:
    if record is None:
        return None
    result = CallResult(**record)
    pause: Json = record["pause"]
    return changed(result, pause=PauseRequest(**pause)) if pause else result
