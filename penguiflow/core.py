"""The runtime's public names: build a flow with `create`, run it, emit into it, fetch from it."""

from __future__ import annotations

from penguiflow._runtime.budgets import (
    BUDGET_EXCEEDED_TEXT,
    DEADLINE_EXCEEDED_TEXT,
    TOKEN_BUDGET_EXCEEDED_TEXT,
)
from penguiflow._runtime.context import Context
from penguiflow._runtime.endpoints import OPEN_SEA, ROOKERY, Endpoint
from penguiflow._runtime.floe import Floe
from penguiflow._runtime.flow import DEFAULT_QUEUE_MAXSIZE, PenguiFlow, create
from penguiflow._runtime.playbook import PlaybookFactory, call_playbook
from penguiflow.errors import CycleError, DeadlockError, FlowStopped, StopTimeoutError, TraceCancelled

__all__ = [
    "BUDGET_EXCEEDED_TEXT",
    "DEADLINE_EXCEEDED_TEXT",
    "DEFAULT_QUEUE_MAXSIZE",
    "OPEN_SEA",
    "ROOKERY",
    "TOKEN_BUDGET_EXCEEDED_TEXT",
    "Context",
    "CycleError",
    "DeadlockError",
    "Endpoint",
    "Floe",
    "FlowStopped",
    "PenguiFlow",
    "PlaybookFactory",
    "StopTimeoutError",
    "TraceCancelled",
    "call_playbook",
    "create",
]
