"""The planner: `ReactPlanner`, what it takes and gives, and the decisions of people about its calls."""

from __future__ import annotations

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
from penguiflow.planner.react import (
    NoUsableReply,
    PauseNotSavedError,
    PauseRecordError,
    ReactPlanner,
    UnknownTokenError,
)
from penguiflow.planner.trajectory import Trajectory, TrajectoryStep, TrajectorySummary

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
