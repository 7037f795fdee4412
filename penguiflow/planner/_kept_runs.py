"""What a run leaves in the caller's store besides its pauses: its trajectory, and what it told.

A run is kept when the store can keep such things and the run has a name there: `trace_id` and `session_id` in
its tool context. One that a session watches is not: the session's history has all of it already. Secrets are
taken out, and of the tool context nothing is kept.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, cast

from penguiflow.planner.events import STREAMED_EVENTS, PlannerEvent, current_observers
from penguiflow.planner.trajectory import Trajectory
from penguiflow.redaction import redact

logger = logging.getLogger("penguiflow.planner")

_Save: TypeAlias = Callable[..., Any]
"""A store's method; it may be sync or async."""


@dataclass(slots=True, kw_only=True)
class KeptRun:
    """A run from its beginning, or from an answer, to its end or its next pause."""

    trace_id: str
    session_id: str
    told: list[PlannerEvent] = field(default_factory=list[PlannerEvent])

    def hear(self, event: PlannerEvent) -> None:
        """Gather what the run tells, all but pieces of streamed text."""
        if event.event_type not in STREAMED_EVENTS:
            self.told.append(event)


class RunKeeper:
    """Writes once, when a run ends or waits. A store that fails costs the run nothing but a line of log.

    One that does not answer for `patience_s` is not waited for.
    """

    def __init__(self, store: object | None, *, patience_s: float = 5.0) -> None:
        self._patience_s = patience_s
        # Stores are duck-typed; the methods are those of the ports for trajectories and planner events.
        self._save_trajectory = _method(store, "save_trajectory")
        self._save_event = _method(store, "save_planner_event")
        self._save_events = _method(store, "save_planner_events")

    def begun(self, tool_context: Mapping[str, Any]) -> KeptRun | None:
        """Return where to gather what a run tells; `None` when it is not kept."""
        trace_id, session_id = tool_context.get("trace_id"), tool_context.get("session_id")
        if not (self._save_trajectory or self._save_event or self._save_events) or current_observers():
            return None
        if isinstance(trace_id, str) and isinstance(session_id, str):
            return KeptRun(trace_id=trace_id, session_id=session_id)
        return None

    async def keep(self, run: KeptRun | None, trajectory: Trajectory) -> None:
        """Store what was gathered and how far the run has come."""
        if run is None:
            return
        try:
            # Looking for secrets in all of it takes a while; the event loop must not wait for it.
            clean, told = await asyncio.to_thread(lambda: (_clean(trajectory), _clean_events(run.told)))
            async with asyncio.timeout(self._patience_s):
                await self._save(run, clean, told)
        except Exception:
            logger.exception("the store could not keep what a run did")

    async def _save(self, run: KeptRun, trajectory: Trajectory, told: Sequence[PlannerEvent]) -> None:
        if self._save_trajectory is not None:
            await _awaited(self._save_trajectory(run.trace_id, run.session_id, trajectory))
        if self._save_events is not None:
            await _awaited(self._save_events(run.trace_id, told))
        elif self._save_event is not None:
            for event in told:
                await _awaited(self._save_event(run.trace_id, event))


def _clean(trajectory: Trajectory) -> Trajectory:
    return Trajectory.from_serialised(redact(replace(trajectory, tool_context=None).serialise()))


def _clean_events(events: Sequence[PlannerEvent]) -> Sequence[PlannerEvent]:
    return [
        replace(
            event,
            thought=redact(event.thought),
            error=redact(event.error),
            extra=redact(dict(event.extra)),
            exchange=None,
        )
        for event in events
    ]


def _method(store: object | None, name: str) -> _Save | None:
    method = getattr(store, name, None)
    return cast(_Save, method) if callable(method) else None


async def _awaited(result: Any) -> None:  # of a store's method, sync or async
    if inspect.isawaitable(result):
        await result
