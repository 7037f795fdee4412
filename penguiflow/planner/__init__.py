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
from penguiflow.planner.recovery import ErrorRecoveryConfig, LLMErrorType
from penguiflow.planner.reflection import ReflectionConfig, ReflectionCriteria, ReflectionCritique
from penguiflow.planner.trajectory import Trajectory, TrajectoryStep, TrajectorySummary

if TYPE_CHECKING:
    from penguiflow.planner.memory import (
        ConversationTurn,
        DefaultShortTermMemory,
        MemoryBudget,
        MemoryBudgetExceeded,
        MemoryHealth,
        MemoryIsolation,
        MemoryKey,
        ShortTermMemory,
        ShortTermMemoryArtifacts,
        ShortTermMemoryConfig,
        ShortTermMemoryPersistence,
        ShortTermMemorySerializable,
        TrajectoryDigest,
        default_token_estimator,
    )
    from penguiflow.planner.react import (
        NoUsableReply,
        PauseBusyError,
        PauseError,
        PauseExpiredError,
        PauseNotSavedError,
        PauseOwnerError,
        PauseRecordError,
        PauseStoreError,
        ReactPlanner,
        UnknownTokenError,
    )

_LAZY = {
    "penguiflow.planner.memory": (
        "ConversationTurn",
        "DefaultShortTermMemory",
        "MemoryBudget",
        "MemoryBudgetExceeded",
        "MemoryHealth",
        "MemoryIsolation",
        "MemoryKey",
        "ShortTermMemory",
        "ShortTermMemoryArtifacts",
        "ShortTermMemoryConfig",
        "ShortTermMemoryPersistence",
        "ShortTermMemorySerializable",
        "TrajectoryDigest",
        "default_token_estimator",
    ),
    "penguiflow.planner.react": (
        "NoUsableReply",
        "PauseBusyError",
        "PauseError",
        "PauseExpiredError",
        "PauseNotSavedError",
        "PauseOwnerError",
        "PauseRecordError",
        "PauseStoreError",
        "ReactPlanner",
        "UnknownTokenError",
    ),
}
_MODULE_OF = {name: module for module, names in _LAZY.items() for name in names}

__all__ = [
    "AnswerQuality",
    "AnyContext",
    "ConversationTurn",
    "DefaultShortTermMemory",
    "ErrorRecoveryConfig",
    "FinalPayload",
    "JoinInjection",
    "LLMErrorType",
    "MemoryBudget",
    "MemoryBudgetExceeded",
    "MemoryHealth",
    "MemoryIsolation",
    "MemoryKey",
    "NoUsableReply",
    "ObservationGuardrailConfig",
    "ParallelCall",
    "ParallelJoin",
    "PauseBusyError",
    "PauseError",
    "PauseExpiredError",
    "PauseNotSavedError",
    "PauseOwnerError",
    "PauseRecordError",
    "PauseStoreError",
    "PlannerAction",
    "PlannerEvent",
    "PlannerEventCallback",
    "PlannerFinish",
    "PlannerPause",
    "PlannerPauseReason",
    "ReactPlanner",
    "ReflectionConfig",
    "ReflectionCriteria",
    "ReflectionCritique",
    "ShortTermMemory",
    "ShortTermMemoryArtifacts",
    "ShortTermMemoryConfig",
    "ShortTermMemoryPersistence",
    "ShortTermMemorySerializable",
    "Source",
    "SuggestedAction",
    "ToolContext",
    "ToolPolicy",
    "Trajectory",
    "TrajectoryDigest",
    "TrajectoryStep",
    "TrajectorySummary",
    "UnknownTokenError",
    "default_token_estimator",
    "observe_runs",
]


def __getattr__(name: str) -> object:
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return getattr(import_module(module), name)
