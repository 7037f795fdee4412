"""Stores: what must outlive a call, a run or a process.

The ports cost nothing to import; the stores themselves load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from penguiflow.state.capabilities import missing_capabilities, require_capabilities
from penguiflow.state.errors import HistoryConflictError, StoreError, StoreSchemaError
from penguiflow.state.models import RemoteBinding, StoredEvent
from penguiflow.state.protocol import (
    HistoryStore,
    RunSummary,
    SessionSummary,
    StateStore,
    SupportsArtifacts,
    SupportsMemoryState,
    SupportsPlannerClaims,
    SupportsPlannerEventBatches,
    SupportsPlannerEvents,
    SupportsPlannerPeek,
    SupportsPlannerState,
    SupportsTrajectories,
)

if TYPE_CHECKING:
    from penguiflow.state.in_memory import InMemoryStateStore
    from penguiflow.state.postgres import PostgresStateStore
    from penguiflow.state.redis import RedisMemoryStore
    from penguiflow.state.sqlite import SqliteStateStore

__all__ = [
    "HistoryConflictError",
    "HistoryStore",
    "InMemoryStateStore",
    "PostgresStateStore",
    "RedisMemoryStore",
    "RemoteBinding",
    "RunSummary",
    "SessionSummary",
    "SqliteStateStore",
    "StateStore",
    "StoreError",
    "StoreSchemaError",
    "StoredEvent",
    "SupportsArtifacts",
    "SupportsMemoryState",
    "SupportsPlannerClaims",
    "SupportsPlannerEventBatches",
    "SupportsPlannerEvents",
    "SupportsPlannerPeek",
    "SupportsPlannerState",
    "SupportsTrajectories",
    "missing_capabilities",
    "require_capabilities",
]

_LAZY = {
    "InMemoryStateStore": "penguiflow.state.in_memory",
    "PostgresStateStore": "penguiflow.state.postgres",
    "RedisMemoryStore": "penguiflow.state.redis",
    "SqliteStateStore": "penguiflow.state.sqlite",
}


def __getattr__(name: str) -> object:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return getattr(import_module(module), name)
