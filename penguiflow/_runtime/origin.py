"""Which trace the work of the current task is done for, so that bare results find their caller.

A worker shows itself once in its task; tasks that a node starts inherit it.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol

from penguiflow._runtime.deadlock import Blockable
from penguiflow._runtime.trace import Trace


class Originator(Blockable, Protocol):
    """What is known of a worker here."""

    origin: Trace | None
    """The trace it works for at this moment."""

    def is_busy(self) -> bool: ...


CURRENT_WORKER: ContextVar[Originator | None] = ContextVar("penguiflow_worker", default=None)


def current_origin() -> Trace | None:
    """Return the trace that the current task works for, if it works for one."""
    worker = CURRENT_WORKER.get()
    return None if worker is None else worker.origin
