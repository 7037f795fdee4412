"""Playing a run again without the outside: what stands in for its model, its tools and its memory.

    with stand_in(recording):
        result = await planner.run("What is new?")

Runs that begin or go on inside the block ask the stand-in only. Nothing else about a planner changes: its
prompts, its parsing, its limits and its approvals are the real ones, so a change in any of them shows.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

from penguiflow.llm.protocol import JSONLLMClient
from penguiflow.planner.context import PlannerPauseReason

JsonObject = Mapping[str, Any]
"""A JSON object; its author knows what is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolOutcome:
    """How a tool call ended: with an observation, with an error and what the model read of it, or paused."""

    observation: Any = None  # any JSON
    error: str | None = None
    failure: JsonObject | None = None
    pause_reason: PlannerPauseReason | None = None
    pause_payload: JsonObject = field(default_factory=dict[str, Any])


class StandIn(Protocol):
    """Answers in the place of the outside."""

    @property
    def client(self) -> JSONLLMClient:
        """Takes every call of a model."""
        ...

    def tool_outcome(self, tool: str, args: JsonObject) -> ToolOutcome:
        """Return what came of a call; what it raises ends the run."""
        ...

    def memory(self) -> JsonObject | None:
        """Return what the conversation memory showed to the model when the run began or went on."""
        ...


_stand_in: ContextVar[StandIn | None] = ContextVar("penguiflow_stand_in", default=None)


@contextmanager
def stand_in(outside: StandIn) -> Generator[None]:
    """Let `outside` answer for every run that begins or goes on in this block."""
    token = _stand_in.set(outside)
    try:
        yield
    finally:
        _stand_in.reset(token)


def current_stand_in() -> StandIn | None:
    """Return what answers for a run that begins now; `None` is the real outside."""
    return _stand_in.get()
