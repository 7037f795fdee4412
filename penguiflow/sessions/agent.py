"""The agent port and its adapters, under one import path."""

from penguiflow.sessions.agent_port import Agent, AgentOutcome, Answered, Connection, Paused
from penguiflow.sessions.orchestrator_agent import OrchestratorAgent
from penguiflow.sessions.planner_agent import PlannerAgent

__all__ = [
    "Agent",
    "AgentOutcome",
    "Answered",
    "Connection",
    "OrchestratorAgent",
    "Paused",
    "PlannerAgent",
]
