"""Async-first orchestration of agents and data pipelines.

The runtime loads at once and needs pydantic only. The planner and its catalog load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from penguiflow._version import __version__
from penguiflow.core import (
    DEFAULT_QUEUE_MAXSIZE,
    Context,
    CycleError,
    FlowStopped,
    PenguiFlow,
    TraceCancelled,
    create,
)
from penguiflow.errors import FlowError, FlowErrorCode
from penguiflow.metrics import FlowEvent, Middleware
from penguiflow.node import Node, NodePolicy
from penguiflow.registry import ModelRegistry
from penguiflow.streaming import chunk_to_ws_json, format_sse_event
from penguiflow.types import WM, FinalAnswer, Headers, Message, PlanStep, StreamChunk, Thought

if TYPE_CHECKING:
    from penguiflow.catalog import NodeSpec, SideEffect, build_catalog, tool
    from penguiflow.planner import (
        PlannerAction,
        PlannerFinish,
        PlannerPause,
        ReactPlanner,
        Trajectory,
        TrajectoryStep,
    )

__all__ = [
    "DEFAULT_QUEUE_MAXSIZE",
    "WM",
    "Context",
    "CycleError",
    "FinalAnswer",
    "FlowError",
    "FlowErrorCode",
    "FlowEvent",
    "FlowStopped",
    "Headers",
    "Message",
    "Middleware",
    "ModelRegistry",
    "Node",
    "NodePolicy",
    "NodeSpec",
    "PenguiFlow",
    "PlanStep",
    "PlannerAction",
    "PlannerFinish",
    "PlannerPause",
    "ReactPlanner",
    "SideEffect",
    "StreamChunk",
    "Thought",
    "TraceCancelled",
    "Trajectory",
    "TrajectoryStep",
    "__version__",
    "build_catalog",
    "chunk_to_ws_json",
    "create",
    "format_sse_event",
    "tool",
]

_LAZY = {
    "NodeSpec": "penguiflow.catalog",
    "PlannerAction": "penguiflow.planner",
    "PlannerFinish": "penguiflow.planner",
    "PlannerPause": "penguiflow.planner",
    "ReactPlanner": "penguiflow.planner",
    "SideEffect": "penguiflow.catalog",
    "Trajectory": "penguiflow.planner",
    "TrajectoryStep": "penguiflow.planner",
    "build_catalog": "penguiflow.catalog",
    "tool": "penguiflow.catalog",
}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module `penguiflow` has no attribute `{name}`")
    value: object = getattr(import_module(_LAZY[name]), name)
    globals()[name] = value  # the next access does not come here
    return value


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
