"""The values that travel through a flow, and the vocabulary of controller loops.

Trust boundary: these are pydantic models, because callers build them from whatever they received.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from penguiflow._ids import new_id

__all__ = ["WM", "FinalAnswer", "Headers", "Message", "PlanStep", "StreamChunk", "Thought"]


_BUILT_WHEN_USED = ConfigDict(defer_build=True)
"""For models that most programs never build: a validator costs some milliseconds of the import."""


class Headers(BaseModel):
    """Routing facts that every message derived from another one shares."""

    tenant: str
    topic: str | None = None
    priority: int = 0


class Message(BaseModel):
    """An envelope: a payload with its trace, headers, deadline and free metadata.

    Derive with `model_copy(update=...)`: trace, headers, deadline and the `meta` dict itself stay.
    An attribute that the envelope lacks is read from the payload, so `message.prompt` works as
    well as `message.payload.prompt`.
    """

    payload: Any  # whatever the node at the other end declares
    headers: Headers
    trace_id: str = Field(default_factory=new_id)
    ts: float = Field(default_factory=time.time)
    deadline_s: float | None = None
    """Absolute Unix time; a node that would start later is skipped."""
    meta: dict[str, Any] = Field(default_factory=dict[str, Any])  # free-form by contract

    if not TYPE_CHECKING:  # a checker shall still report a misspelt envelope attribute

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_") or "payload" not in self.__dict__:
                return super().__getattr__(name)
            try:
                return getattr(self.__dict__["payload"], name)
            except AttributeError:
                kind = type(self.__dict__["payload"]).__name__
                raise AttributeError(
                    f"neither `{type(self).__name__}` nor its payload `{kind}` has an attribute `{name}`"
                ) from None


class StreamChunk(BaseModel):
    """One piece of a streamed text; `seq` counts from 0 within `stream_id`."""

    stream_id: str
    seq: int
    text: str
    done: bool = False
    meta: dict[str, Any] = Field(default_factory=dict[str, Any])  # free-form by contract


class PlanStep(BaseModel):
    """One step that a controller intends to take."""

    model_config = _BUILT_WHEN_USED

    kind: Literal["retrieve", "web", "sql", "summarize", "route", "stop"]
    args: dict[str, Any] = Field(default_factory=dict[str, Any])  # depends on `kind`
    max_concurrency: int = 1


class Thought(BaseModel):
    """What a controller concluded in one hop."""

    model_config = _BUILT_WHEN_USED

    steps: list[PlanStep]
    rationale: str
    done: bool = False


class WM(BaseModel):
    """Working memory of a controller loop; the runtime counts `hops` and enforces the budgets.

    `budget_hops=N` allows N executions, None any number. `tokens_used` is the controller's to keep.
    """

    model_config = _BUILT_WHEN_USED

    query: str
    facts: list[Any] = Field(default_factory=list[Any])  # whatever the controller collects
    hops: int = 0
    budget_hops: int | None = 8
    tokens_used: int = 0
    budget_tokens: int | None = None
    confidence: float = 0.0


class FinalAnswer(BaseModel):
    """Ends a controller loop: a message that carries it goes straight to the Rookery."""

    model_config = _BUILT_WHEN_USED

    text: str
    citations: list[str] = Field(default_factory=list[str])
