"""The planner: `ReactPlanner`, what it takes and gives, and the decisions of people about its calls.

The values load at once; the loop behind `ReactPlanner` loads when it is first named, so that a surface can
paint before it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from penguiflow.planner.context import AnyContext, PlannerPauseReason, ToolContext
from penguiflow.planner.events import PlannerEvent, PlannerEventCallback, observe_runs
from penguiflow.planner.models import (
    AnswerQuality,
    FinalPayload,
    JoinInjection,
    ObservationGuardrailConfig,
    ParallelCall,
    ParallelJoin,
    PlannerAction,
    PlannerFinish,
    PlannerPause,
    Source,
    SuggestedAction,
    ToolPolicy,
)
from penguiflow.planner.trajectory import Trajectory, TrajectoryStep, TrajectorySummary

if TYPE_CHECKING:
    from penguiflow.planner.react import (
        NoUsableReply,
        PauseNotSavedError,
        PauseRecordError,
        ReactPlanner,
        UnknownTokenError,
    )

__all__ = [
    "AnswerQuality",
    "AnyContext",
    "FinalPayload",
    "JoinInjection",
    "NoUsableReply",
    "ObservationGuardrailConfig",
    "ParallelCall",
    "ParallelJoin",
    "PauseNotSavedError",
    "PauseRecordError",
    "PlannerAction",
    "PlannerEvent",
    "PlannerEventCallback",
    "PlannerFinish",
    "PlannerPause",
    "PlannerPauseReason",
    "ReactPlanner",
    "Source",
    "SuggestedAction",
    "ToolContext",
    "ToolPolicy",
    "Trajectory",
    "TrajectoryStep",
    "TrajectorySummary",
    "UnknownTokenError",
    "observe_runs",
]

_LAZY = frozenset(
    {"NoUsableReply", "PauseNotSavedError", "PauseRecordError", "ReactPlanner", "UnknownTokenError"}
)


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return getattr(import_module("penguiflow.planner.react"), name)
