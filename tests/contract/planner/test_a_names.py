"""Section 1: the names a program may import, and from where."""

from __future__ import annotations

import importlib
import logging

import pytest

import penguiflow
import penguiflow.planner as planner_package
from tests.contract.planner.fakes_a import end, run, use

PLANNER = """
    AnyContext ErrorRecoveryConfig LLMErrorType JoinInjection ParallelCall ParallelJoin
    PlannerAction PlannerEvent PlannerEventCallback PlannerFinish PlannerPause ReflectionConfig
    ReflectionCriteria ReflectionCritique ReactPlanner ToolContext ToolPolicy Trajectory
    TrajectoryStep TrajectorySummary
"""
MEMORY = """
    ConversationTurn DefaultShortTermMemory MemoryBudget MemoryBudgetExceeded MemoryHealth
    MemoryIsolation MemoryKey ShortTermMemory ShortTermMemoryArtifacts ShortTermMemoryConfig
    ShortTermMemoryPersistence ShortTermMemorySerializable TrajectoryDigest default_token_estimator
"""
MODELS = """
    JSONLLMClient FinalPayload Source SuggestedAction ClarificationResponse
    ObservationGuardrailConfig SPECIAL_NODE_TYPES
    RESERVED_NEXT_NODES PlanStep PlanJoin PlanArgs FinalResponseArgs
"""
TOP_LEVEL = """
    ReactPlanner PlannerAction PlannerFinish Trajectory TrajectoryStep tool build_catalog NodeSpec
    SideEffect Node NodePolicy ModelRegistry StateStore ArtifactRef ArtifactRetentionConfig
    ArtifactScope ArtifactStore InMemoryArtifactStore NoOpArtifactStore
"""
IN_MODELS = [
    name
    for name in PLANNER.split()
    if name not in {"ReactPlanner", "Trajectory", "TrajectoryStep", "TrajectorySummary"}
]
IN_REACT = [name for name in PLANNER.split() if name not in {"AnyContext", "ToolContext"}]
OUT_OF_SCOPE = ["DSPyLLMClient", "BackgroundTasksConfig", "BackgroundTaskHandle"]


@pytest.mark.parametrize("name", TOP_LEVEL.split())
def test_the_top_level_has_what_agents_are_built_with(name: str) -> None:
    assert name in penguiflow.__all__
    assert hasattr(penguiflow, name)


@pytest.mark.parametrize("name", [*PLANNER.split(), *MEMORY.split()])
def test_the_planner_package_has_its_names_and_those_of_memory(name: str) -> None:
    assert name in planner_package.__all__
    assert hasattr(planner_package, name)


@pytest.mark.parametrize(
    ("module", "name"),
    [
        *(("memory", name) for name in MEMORY.split()),
        *(("models", name) for name in (*MODELS.split(), *IN_MODELS)),
        *(("react", name) for name in (*IN_REACT, "FinalPayload")),
        *(("trajectory", name) for name in ("Trajectory", "TrajectoryStep", "TrajectorySummary")),
        *(("context", name) for name in ("PlannerPauseReason", "ToolContext", "AnyContext")),
    ],
)
def test_a_module_of_the_planner_has_the_name(module: str, name: str) -> None:
    assert hasattr(importlib.import_module(f"penguiflow.planner.{module}"), name)


@pytest.mark.parametrize("name", [*PLANNER.split(), *MEMORY.split()])
def test_a_name_is_the_same_object_wherever_it_is_imported_from(name: str) -> None:
    places = [
        penguiflow,
        *(importlib.import_module(f"penguiflow.planner.{m}") for m in ("react", "models", "memory")),
    ]
    found = [getattr(place, name) for place in places if name in getattr(place, "__all__", ())]
    assert all(other is getattr(planner_package, name) for other in found)


@pytest.mark.parametrize("name", OUT_OF_SCOPE)
def test_a_name_that_is_out_of_scope_cannot_be_imported(name: str) -> None:
    assert name not in planner_package.__all__
    assert not hasattr(planner_package, name)


def test_the_reserved_names_are_the_opcodes() -> None:
    models = importlib.import_module("penguiflow.planner.models")
    assert set(models.SPECIAL_NODE_TYPES) == {"parallel", "task.subagent", "task.tool", "final_response"}
    assert models.RESERVED_NEXT_NODES is models.SPECIAL_NODE_TYPES


async def test_everything_the_planner_logs_goes_to_its_logger(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "penguiflow"):
        await run(use("echo"), use("fail"), end())
    assert {record.name for record in caplog.records} == {"penguiflow.planner"}
