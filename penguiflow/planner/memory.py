"""Conversation memory: what a planner remembers from one run of a session to the next."""

from __future__ import annotations

from penguiflow.planner._memory.budget import MemoryBudget, MemoryBudgetExceeded, default_token_estimator
from penguiflow.planner._memory.config import ShortTermMemoryConfig
from penguiflow.planner._memory.default import DefaultShortTermMemory
from penguiflow.planner._memory.health import MemoryHealth
from penguiflow.planner._memory.keys import MemoryIsolation, MemoryKey
from penguiflow.planner._memory.ports import (
    ShortTermMemory,
    ShortTermMemoryArtifacts,
    ShortTermMemoryPersistence,
    ShortTermMemorySerializable,
)
from penguiflow.planner._memory.turns import ConversationTurn, TrajectoryDigest

__all__ = [
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
]
