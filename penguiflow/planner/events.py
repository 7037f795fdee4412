"""What a planner tells while it runs, and how a surface listens.

`event_callback` of the constructor hears every run of one planner. `observe_runs` hears every run that
starts inside its block, of any planner, so a session can watch an agent whose planner it does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from penguiflow.llm.protocol import ChatMessage, NativeTools

# fmt: off
_LOG_RECORD_KEYS = frozenset({
    "args", "msg", "levelname", "levelno", "exc_info", "exc_text", "message", "name", "filename", "pathname",
    "module", "lineno", "funcName", "created", "thread", "threadName", "process", "stack_info",
})
# fmt: on


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelExchange:
    """What one call of a model was given and what it gave back, `None` when it failed."""

    messages: Sequence[ChatMessage]
    response_format: Mapping[str, Any] | None = None
    tools: NativeTools | None = None
    reply: str | None = None


@dataclass(frozen=True, slots=True)
class PlannerEvent:
    """One thing that happened. `trajectory_step` is the number of recorded steps when it was emitted.

    `exchange` comes with `llm_call` for those who keep whole prompts; it is no part of the payload.
    """

    event_type: str
    ts: float
    trajectory_step: int
    thought: str | None = None
    node_name: str | None = None
    latency_ms: float | None = None
    token_estimate: int | None = None
    error: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict[str, Any])
    exchange: ModelExchange | None = field(default=None, repr=False, compare=False)

    def to_payload(self) -> dict[str, Any]:
        """Return a flat mapping for log records: set fields, then `extra` without logging's own keys."""
        payload: dict[str, Any] = {"event": self.event_type, "ts": self.ts, "step": self.trajectory_step}
        for name in ("thought", "node_name", "latency_ms", "token_estimate", "error"):
            value = getattr(self, name)
            if value is not None:
                payload[name] = value
        payload.update({key: value for key, value in self.extra.items() if key not in _LOG_RECORD_KEYS})
        return payload


STREAMED_EVENTS = frozenset({"llm_stream_chunk", "stream_chunk", "artifact_chunk"})
"""Types of events that are many and small: pieces of a text."""

PlannerEventCallback: TypeAlias = Callable[[PlannerEvent], None]

_observers: ContextVar[tuple[PlannerEventCallback, ...]] = ContextVar("penguiflow_run_observers", default=())


@contextmanager
def observe_runs(callback: PlannerEventCallback) -> Generator[None]:
    """Send the events of every run that starts in this block, or in tasks created in it, to `callback`."""
    token = _observers.set((*_observers.get(), callback))
    try:
        yield
    finally:
        _observers.reset(token)


def current_observers() -> tuple[PlannerEventCallback, ...]:
    """Return the callbacks that a run starting now must inform, in the order they were added."""
    return _observers.get()
