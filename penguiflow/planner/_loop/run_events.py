"""Tells the listeners of one run what happens, in order; a listener that fails never disturbs the run."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from penguiflow._clock import WallClock
from penguiflow.planner.events import PlannerEvent, PlannerEventCallback
from penguiflow.planner.trajectory import Trajectory

logger = logging.getLogger("penguiflow.planner")


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
        error: str | None = None,
        **extra: Any,  # the fields of the event's own kind
    ) -> None:
        """Tell one event to every listener."""
        # Only the kind is logged: arguments and results may hold what no log should keep.
        logger.debug("%s at step %d", event_type, len(self._trajectory.steps))
        if not self._listeners:
            return
        event = PlannerEvent(
            event_type=event_type,
            ts=self._clock(),
            trajectory_step=len(self._trajectory.steps),
            thought=thought,
            node_name=node_name,
            latency_ms=latency_ms,
            error=error,
            extra=extra,
        )
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:
                logger.exception("event_callback_error")
