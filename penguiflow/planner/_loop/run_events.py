"""Tells the listeners of one run what happens, in order; a listener that fails never disturbs the run."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from penguiflow._clock import WallClock
from penguiflow.planner.events import STREAMED_EVENTS, ModelExchange, PlannerEvent, PlannerEventCallback
from penguiflow.planner.trajectory import Trajectory

logger = logging.getLogger("penguiflow.planner")

# What people, models and tools said is for listeners; no log should keep it.
_CONTENT = frozenset(
    {
        "answer",
        "args",
        "args_json",
        "chunk",
        "decision",
        "error",
        "feedback",
        "ignored_text_preview",
        "memory",
        "other_json_summaries",
        "payload",
        "placeholders",
        "proposed_args",
        "result_json",
        "resume_token",
        "text",
        "thought",
        "user_input",
    }
)


class RunEvents:
    """The listeners of one run. `is_heard` says whether building an expensive event is worth it."""

    def __init__(
        self, listeners: Sequence[PlannerEventCallback], clock: WallClock, trajectory: Trajectory
    ) -> None:
        self._listeners = tuple(listeners)
        self._clock = clock
        self._trajectory = trajectory

    @property
    def is_heard(self) -> bool:
        """Return whether anybody listens."""
        return bool(self._listeners)

    def emit(
        self,
        event_type: str,
        *,
        thought: str | None = None,
        node_name: str | None = None,
        latency_ms: float | None = None,
        token_estimate: int | None = None,
        error: str | None = None,
        exchange: ModelExchange | None = None,
        **extra: Any,  # the fields of the event's own kind
    ) -> None:
        """Tell one event to every listener."""
        level = logging.DEBUG if event_type in STREAMED_EVENTS else logging.INFO
        is_logged = logger.isEnabledFor(level)
        if not (self._listeners or is_logged):
            return
        event = PlannerEvent(
            event_type=event_type,
            ts=self._clock(),
            trajectory_step=len(self._trajectory.steps),
            thought=thought,
            node_name=node_name,
            latency_ms=latency_ms,
            token_estimate=token_estimate,
            error=error,
            extra=extra,
            exchange=exchange,
        )
        if is_logged:
            payload = {key: value for key, value in event.to_payload().items() if key not in _CONTENT}
            logger.log(level, event_type, extra=payload)
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:
                logger.exception("event_callback_error")
