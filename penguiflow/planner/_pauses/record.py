"""A paused run as a value: everything another process needs to go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from penguiflow.planner._json import JsonObject, is_json
from penguiflow.planner._rules.calls import PauseRequest, PendingStep, pending_record, read_pending
from penguiflow.planner._rules.progress import ExtendableLimit, Progress, progress_record, read_progress
from penguiflow.planner.trajectory import Trajectory

PAUSE_SCHEMA_VERSION = 2


class PauseRecordError(ValueError):
    """A stored pause cannot be read by this version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something a run waits for, under a token of its own.

    It is about the call at `position` of the pending step, about a `limit` that was reached, or else what a
    tool asked; then `node` names the tool when several asked at once.
    """

    token: str
    asked: PauseRequest
    position: int | None = None
    limit: ExtendableLimit | None = None
    node: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PausedRun:
    """A run that waits, for one answer or for several in any order. `pending` is its unrecorded step."""

    run_id: str
    owner: str | None
    trajectory: Trajectory
    progress: Progress
    questions: tuple[Question, ...]
    deadline_remaining_s: float | None = None
    pending: PendingStep | None = None

    def question(self, token: str) -> Question:
        """Return what waits under a token of the run."""
        return next(question for question in self.questions if question.token == token)

    def without(self, token: str) -> tuple[Question, ...]:
        """Return the questions that stay open when this one is answered."""
        return tuple(question for question in self.questions if question.token != token)


def pause_record(paused: PausedRun, hop_budget: int | None) -> JsonObject:
    """Return the stored form. Values of the tool context that are no JSON stay behind, by name."""
    trajectory = paused.trajectory.serialise()
    tool_context: JsonObject = trajectory["tool_context"] or {}
    kept = {key: value for key, value in tool_context.items() if is_json({key: value})}
    trajectory["tool_context"] = kept
    first = paused.questions[0]
    return {
        "v": PAUSE_SCHEMA_VERSION,
        "run_id": paused.run_id,
        "owner": paused.owner,
        "trajectory": trajectory,
        "reason": first.asked.reason,
        "payload": first.asked.payload,
        "constraints": {
            "deadline_remaining_s": paused.deadline_remaining_s,
            "hop_budget": hop_budget,
            "hops_used": paused.progress.hops_used,
        },
        "tool_context": kept,
        "tool_context_left_out": sorted(str(key) for key in tool_context.keys() - kept.keys()),
        "progress": progress_record(paused.progress),
        "pending": pending_record(paused.pending) if paused.pending is not None else None,
        "questions": [asdict(question) for question in paused.questions],
    }


def read_pause(record: Mapping[str, Any]) -> PausedRun:
    """Read what `pause_record` wrote.

    Raises:
        PauseRecordError: another schema version, or a damaged record.
    """
    version = record.get("v")
    if version != PAUSE_SCHEMA_VERSION:
        raise PauseRecordError(
            f"the paused run was stored with schema version `{version}`, this program reads "
            f"{PAUSE_SCHEMA_VERSION}: resume it with the version that paused it"
        )
    try:
        pending = record["pending"]
        return PausedRun(
            run_id=record["run_id"],
            owner=record["owner"],
            trajectory=Trajectory.from_serialised(record["trajectory"]),
            progress=read_progress(record["progress"]),
            questions=tuple(_read_question(question) for question in record["questions"]),
            deadline_remaining_s=record["constraints"]["deadline_remaining_s"],
            pending=read_pending(pending) if pending is not None else None,
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise PauseRecordError(f"the stored pause cannot be read: {type(exc).__name__}: {exc}") from exc


def _read_question(record: Mapping[str, Any]) -> Question:
    question = Question(**record)
    return replace(question, asked=PauseRequest(**record["asked"]))
