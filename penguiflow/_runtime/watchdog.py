"""Timeouts of all workers of a flow with one timer.

A worker writes when its invocation is due; one timer per flow looks at these stamps. It is armed for
the earliest stamp it knows, so a later stamp costs nothing and an earlier one arms it again.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Final, Protocol

from penguiflow.node import Node

LOGGER = logging.getLogger("penguiflow.core")

LAG_S: Final = 0.25
"""A timer that is served this much too late is reported: somebody blocks the event loop."""


class Watched(Protocol):
    """What the watchdog needs of a worker."""

    due: float | None
    """Loop time at which the current invocation has run too long."""

    @property
    def node(self) -> Node: ...

    def time_out_invocation(self) -> None:
        """Interrupt the current invocation."""


class Watchdog:
    """Interrupts overdue invocations."""

    __slots__ = ("_armed_for", "_timer", "_watched")

    def __init__(self) -> None:
        self._watched: list[Watched] = []
        self._timer: asyncio.TimerHandle | None = None
        self._armed_for = 0.0

    def add(self, worker: Watched) -> None:
        """Look at the stamps of this worker from now on."""
        self._watched.append(worker)

    def stamp(self, worker: Watched, timeout_s: float) -> None:
        """Set the worker's due time, from now."""
        loop = asyncio.get_running_loop()
        worker.due = due = loop.time() + timeout_s
        if self._timer is None or due < self._armed_for:
            self._arm(loop, due)

    def close(self) -> None:
        """Stop looking."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._watched.clear()

    def _arm(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._armed_for = due
        self._timer = loop.call_at(due, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time()
        if now - self._armed_for > LAG_S:
            self._report_lag(now - self._armed_for)
        for worker in self._watched:
            if worker.due is not None and worker.due <= now:
                worker.due = None
                worker.time_out_invocation()
        stamps = [worker.due for worker in self._watched if worker.due is not None]
        if stamps:
            self._arm(loop, min(stamps))

    def _report_lag(self, lag_s: float) -> None:
        running = [worker.node.name for worker in self._watched if worker.due is not None]
        facts = {"event": "event_loop_lag", "lag_s": lag_s, "running_nodes": running}
        LOGGER.warning("event_loop_lag", extra=facts)
