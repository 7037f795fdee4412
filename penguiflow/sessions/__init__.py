"""Sessions: one object, `AgentSession`, through which every surface drives an agent.

Names load on first use, so that a surface can paint before the agent's libraries are imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from penguiflow.sessions.agent_port import Agent, AgentOutcome, Answered, Connection, Paused
    from penguiflow.sessions.discovery import (
        AgentError,
        AgentLoadError,
        NoAgentFoundError,
        discover_agent,
        load_agent,
    )
    from penguiflow.sessions.orchestrator_agent import OrchestratorAgent
    from penguiflow.sessions.planner_agent import PlannerAgent
    from penguiflow.sessions.results import (
        AlreadyDecidedError,
        NothingToRecoverError,
        NotPossibleError,
        RequestNotFoundError,
        RunResult,
        SessionBusyError,
        SessionClosedError,
        SessionError,
        UnknownConnectionError,
    )
    from penguiflow.sessions.session import AgentSession

__all__ = [
    "Agent",
    "AgentError",
    "AgentLoadError",
    "AgentOutcome",
    "AgentSession",
    "AlreadyDecidedError",
    "Answered",
    "Connection",
    "NoAgentFoundError",
    "NotPossibleError",
    "NothingToRecoverError",
    "OrchestratorAgent",
    "Paused",
    "PlannerAgent",
    "RequestNotFoundError",
    "RunResult",
    "SessionBusyError",
    "SessionClosedError",
    "SessionError",
    "UnknownConnectionError",
    "discover_agent",
    "load_agent",
]

_MODULES = {
    "agent_port": ("Agent", "AgentOutcome", "Answered", "Connection", "Paused"),
    "discovery": ("AgentError", "AgentLoadError", "NoAgentFoundError", "discover_agent", "load_agent"),
    "orchestrator_agent": ("OrchestratorAgent",),
    "planner_agent": ("PlannerAgent",),
    "results": (
        "AlreadyDecidedError",
        "NotPossibleError",
        "NothingToRecoverError",
        "RequestNotFoundError",
        "RunResult",
        "SessionBusyError",
        "SessionClosedError",
        "SessionError",
        "UnknownConnectionError",
    ),
    "session": ("AgentSession",),
}
_LAZY = {name: f"{__name__}.{module}" for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return getattr(import_module(module), name)
