"""Async-first orchestration of agents and data pipelines.

Every name loads on first use, with what it needs and nothing else; the runtime needs pydantic only.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from penguiflow._version import __version__

if TYPE_CHECKING:
    from penguiflow import testkit
    from penguiflow.artifacts import (
        ArtifactRef,
        ArtifactRetentionConfig,
        ArtifactScope,
        ArtifactStore,
        InMemoryArtifactStore,
        NoOpArtifactStore,
        discover_artifact_store,
    )
    from penguiflow.bus import BusEnvelope, MessageBus
    from penguiflow.catalog import NodeSpec, SideEffect, build_catalog, tool
    from penguiflow.core import DEFAULT_QUEUE_MAXSIZE, Context, CycleError, PenguiFlow, call_playbook, create
    from penguiflow.core import FlowStopped as FlowStopped
    from penguiflow.core import TraceCancelled as TraceCancelled
    from penguiflow.debug import format_flow_event
    from penguiflow.errors import FlowError, FlowErrorCode
    from penguiflow.logging import ExtraFormatter, StructuredFormatter, configure_logging
    from penguiflow.metrics import FlowEvent, Middleware
    from penguiflow.middlewares import LatencyCallback, log_flow_events
    from penguiflow.node import Node, NodePolicy
    from penguiflow.patterns import join_k, map_concurrent, predicate_router, union_router
    from penguiflow.planner import PlannerAction, PlannerFinish, ReactPlanner, Trajectory, TrajectoryStep
    from penguiflow.planner import PlannerPause as PlannerPause
    from penguiflow.policies import DictRoutingPolicy, RoutingPolicy, RoutingRequest
    from penguiflow.registry import ModelRegistry
    from penguiflow.remote import (
        RemoteCallRequest,
        RemoteCallResult,
        RemoteNode,
        RemoteStreamEvent,
        RemoteTransport,
    )
    from penguiflow.state import RemoteBinding, StateStore, StoredEvent
    from penguiflow.streaming import chunk_to_ws_json, emit_stream_events, format_sse_event, stream_flow
    from penguiflow.types import WM, FinalAnswer, Headers, Message, PlanStep, StreamChunk, Thought
    from penguiflow.viz import flow_to_dot, flow_to_mermaid

__all__ = [
    "DEFAULT_QUEUE_MAXSIZE",
    "WM",
    "ArtifactRef",
    "ArtifactRetentionConfig",
    "ArtifactScope",
    "ArtifactStore",
    "BusEnvelope",
    "Context",
    "CycleError",
    "DictRoutingPolicy",
    "ExtraFormatter",
    "FinalAnswer",
    "FlowError",
    "FlowErrorCode",
    "FlowEvent",
    "Headers",
    "InMemoryArtifactStore",
    "LatencyCallback",
    "Message",
    "MessageBus",
    "Middleware",
    "ModelRegistry",
    "NoOpArtifactStore",
    "Node",
    "NodePolicy",
    "NodeSpec",
    "PenguiFlow",
    "PlanStep",
    "PlannerAction",
    "PlannerFinish",
    "ReactPlanner",
    "RemoteBinding",
    "RemoteCallRequest",
    "RemoteCallResult",
    "RemoteNode",
    "RemoteStreamEvent",
    "RemoteTransport",
    "RoutingPolicy",
    "RoutingRequest",
    "SideEffect",
    "StateStore",
    "StoredEvent",
    "StreamChunk",
    "StructuredFormatter",
    "Thought",
    "Trajectory",
    "TrajectoryStep",
    "__version__",
    "build_catalog",
    "call_playbook",
    "chunk_to_ws_json",
    "configure_logging",
    "create",
    "discover_artifact_store",
    "emit_stream_events",
    "flow_to_dot",
    "flow_to_mermaid",
    "format_flow_event",
    "format_sse_event",
    "join_k",
    "log_flow_events",
    "map_concurrent",
    "predicate_router",
    "stream_flow",
    "testkit",
    "tool",
    "union_router",
]

_MODULE_OF = {
    "DEFAULT_QUEUE_MAXSIZE": "penguiflow.core",
    "Context": "penguiflow.core",
    "CycleError": "penguiflow.core",
    "FlowStopped": "penguiflow.core",
    "PenguiFlow": "penguiflow.core",
    "TraceCancelled": "penguiflow.core",
    "call_playbook": "penguiflow.core",
    "create": "penguiflow.core",
    "FlowError": "penguiflow.errors",
    "FlowErrorCode": "penguiflow.errors",
    "FlowEvent": "penguiflow.metrics",
    "Middleware": "penguiflow.metrics",
    "Node": "penguiflow.node",
    "NodePolicy": "penguiflow.node",
    "ModelRegistry": "penguiflow.registry",
    "WM": "penguiflow.types",
    "FinalAnswer": "penguiflow.types",
    "Headers": "penguiflow.types",
    "Message": "penguiflow.types",
    "PlanStep": "penguiflow.types",
    "StreamChunk": "penguiflow.types",
    "Thought": "penguiflow.types",
    "ArtifactRef": "penguiflow.artifacts",
    "ArtifactRetentionConfig": "penguiflow.artifacts",
    "ArtifactScope": "penguiflow.artifacts",
    "ArtifactStore": "penguiflow.artifacts",
    "InMemoryArtifactStore": "penguiflow.artifacts",
    "NoOpArtifactStore": "penguiflow.artifacts",
    "discover_artifact_store": "penguiflow.artifacts",
    "BusEnvelope": "penguiflow.bus",
    "MessageBus": "penguiflow.bus",
    "NodeSpec": "penguiflow.catalog",
    "SideEffect": "penguiflow.catalog",
    "build_catalog": "penguiflow.catalog",
    "tool": "penguiflow.catalog",
    "format_flow_event": "penguiflow.debug",
    "ExtraFormatter": "penguiflow.logging",
    "StructuredFormatter": "penguiflow.logging",
    "configure_logging": "penguiflow.logging",
    "LatencyCallback": "penguiflow.middlewares",
    "log_flow_events": "penguiflow.middlewares",
    "join_k": "penguiflow.patterns",
    "map_concurrent": "penguiflow.patterns",
    "predicate_router": "penguiflow.patterns",
    "union_router": "penguiflow.patterns",
    "PlannerAction": "penguiflow.planner",
    "PlannerFinish": "penguiflow.planner",
    "PlannerPause": "penguiflow.planner",
    "ReactPlanner": "penguiflow.planner",
    "Trajectory": "penguiflow.planner",
    "TrajectoryStep": "penguiflow.planner",
    "DictRoutingPolicy": "penguiflow.policies",
    "RoutingPolicy": "penguiflow.policies",
    "RoutingRequest": "penguiflow.policies",
    "RemoteCallRequest": "penguiflow.remote",
    "RemoteCallResult": "penguiflow.remote",
    "RemoteNode": "penguiflow.remote",
    "RemoteStreamEvent": "penguiflow.remote",
    "RemoteTransport": "penguiflow.remote",
    "RemoteBinding": "penguiflow.state",
    "StateStore": "penguiflow.state",
    "StoredEvent": "penguiflow.state",
    "chunk_to_ws_json": "penguiflow.streaming",
    "emit_stream_events": "penguiflow.streaming",
    "format_sse_event": "penguiflow.streaming",
    "stream_flow": "penguiflow.streaming",
    "flow_to_dot": "penguiflow.viz",
    "flow_to_mermaid": "penguiflow.viz",
}


_SUBMODULES = frozenset(
    {
        "admin",
        "artifacts",
        "bus",
        "catalog",
        "core",
        "debug",
        "errors",
        "llm",
        "logging",
        "metrics",
        "middlewares",
        "node",
        "patterns",
        "planner",
        "policies",
        "registry",
        "remote",
        "sessions",
        "state",
        "streaming",
        "testkit",
        "tools",
        "types",
        "viz",
    }
)


def __getattr__(name: str) -> object:
    if name in _SUBMODULES:
        return import_module(f"penguiflow.{name}")
    if name not in _MODULE_OF:
        raise AttributeError(f"module `penguiflow` has no attribute `{name}`")
    value: object = getattr(import_module(_MODULE_OF[name]), name)
    globals()[name] = value  # the next access does not come here
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_SUBMODULES})
