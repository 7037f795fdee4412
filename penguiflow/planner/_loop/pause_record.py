"""A paused run as a value: everything another process needs to go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from penguiflow.planner._json import JsonObject, is_json
from penguiflow.planner._loop.calls import PauseRequest, PendingStep, pending_record, read_pending
from penguiflow.planner._loop.progress import Progress, progress_record, read_progress
from penguiflow.planner.trajectory import Trajectory

PAUSE_SCHEMA_VERSION = 1


class PauseRecordError(ValueError):
    """A stored pause cannot be read by this version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PausedRun:
    """A run that waits.

    With `pending` it waits for a decision about the call at `position`; otherwise a tool asked something,
    and `later` are the questions of other tools of the same step.
    """

    trajectory: Trajectory
    progress: Progress
    asked: PauseRequest
    deadline_remaining_s: float | None = None
    pending: PendingStep | None = None
    position: int = 0
    later: tuple[PauseRequest, ...] = ()


def pause_record(paused: PausedRun, hop_budget: int | None) -> JsonObject:
    """Return the stored form. Values of the tool context that are no JSON stay behind, by name."""
    trajectory = paused.trajectory.serialise()
    tool_context: JsonObject = trajectory.pop("tool_context") or {}
    kept = {key: value for key, value in tool_context.items() if is_json({key: value})}
    return {
        "v": PAUSE_SCHEMA_VERSION,
        "trajectory": trajectory,
        "reason": paused.asked.reason,
        "payload": paused.asked.payload,
        "constraints": {
            "deadline_remaining_s": paused.deadline_remaining_s,
            "hop_budget": hop_budget,
            "hops_used": paused.progress.hops_used,
        },
        "tool_context": kept,
        "tool_context_left_out": sorted(str(key) for key in tool_context.keys() - kept.keys()),
        "progress": progress_record(paused.progress),
        "pending": pending_record(paused.pending) if paused.pending is not None else None,
        "position": paused.position,
        "later": [asdict(request) for request in paused.later],
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
            trajectory=Trajectory.from_serialised(
                {**record["trajectory"], "tool_context": record["tool_context"]}
            ),
            progress=read_progress(record["progress"]),
            asked=PauseRequest(reason=record["reason"], payload=record["payload"]),
            deadline_remaining_s=record["constraints"]["deadline_remaining_s"],
            pending=read_pending(pending) if pending is not None else None,
            position=record["position"],
            later=tuple(PauseRequest(**request) for request in record["later"]),
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise PauseRecordError(f"the stored pause cannot be read: {type(exc).__name__}: {exc}") from exc
