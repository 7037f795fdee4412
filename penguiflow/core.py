"""The runtime's public names: build a flow with `create`, run it, emit into it, fetch from it."""

from __future__ import annotations

from penguiflow._runtime.budgets import BUDGET_EXCEEDED_TEXT as BUDGET_EXCEEDED_TEXT
from penguiflow._runtime.budgets import DEADLINE_EXCEEDED_TEXT as DEADLINE_EXCEEDED_TEXT
from penguiflow._runtime.budgets import TOKEN_BUDGET_EXCEEDED_TEXT as TOKEN_BUDGET_EXCEEDED_TEXT
from penguiflow._runtime.context import Context
from penguiflow._runtime.endpoints import OPEN_SEA as OPEN_SEA
from penguiflow._runtime.endpoints import ROOKERY as ROOKERY
from penguiflow._runtime.endpoints import Endpoint as Endpoint
from penguiflow._runtime.floe import Floe
from penguiflow._runtime.flow import DEFAULT_QUEUE_MAXSIZE, PenguiFlow, create
from penguiflow._runtime.playbook import PlaybookFactory as PlaybookFactory
from penguiflow._runtime.playbook import call_playbook
from penguiflow._runtime.statistics import ContextStatistics as ContextStatistics
from penguiflow._runtime.statistics import FloeStatistics as FloeStatistics
from penguiflow._runtime.statistics import FlowStatistics as FlowStatistics
from penguiflow.errors import CycleError
from penguiflow.errors import DeadlockError as DeadlockError
from penguiflow.errors import FlowStopped as FlowStopped
from penguiflow.errors import StopTimeoutError as StopTimeoutError
from penguiflow.errors import TraceCancelled as TraceCancelled

# What a program built on the runtime always needs; the others are for those who look closer.
__all__ = [
    "DEFAULT_QUEUE_MAXSIZE",
    "Context",
    "CycleError",
    "Floe",
    "PenguiFlow",
    "call_playbook",
    "create",
]
