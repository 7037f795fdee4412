"""Which trace the work of the current task is done for, so that bare results find their caller.

A worker shows itself once in its task; tasks that a node starts inherit it.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Protocol

from penguiflow._runtime.floe import Blockable
from penguiflow._runtime.trace import Trace
from penguiflow.types import Message


class Originator(Blockable, Protocol):
    """What is known of a worker here."""

    origin: Trace | None
    """The trace it works for at this moment."""

    item: object
    """What it works on at this moment."""

    def is_timed_out(self) -> bool: ...

    def is_busy(self) -> bool: ...


CURRENT_WORKER: ContextVar[Originator | None] = ContextVar("penguiflow_worker", default=None)


def current_origin() -> Trace | None:
    """Return the trace that the current task works for, if it works for one."""
    worker = CURRENT_WORKER.get()
    return None if worker is None else worker.origin


def is_timed_out() -> bool:
    """Tell whether the node that runs in the current task is being cancelled because of its timeout."""
    worker = CURRENT_WORKER.get()
    return worker is not None and worker.is_timed_out()


def envelope_of(parent: object) -> Message:
    """Return the envelope that `parent` is, or in which it came to the node that runs in the current task.

    Raises:
        TypeError: there is none.
    """
    worker = CURRENT_WORKER.get()
    item = parent if isinstance(parent, Message) or worker is None else worker.item
    if not isinstance(item, Message):
        raise TypeError(
            f"a chunk needs a Message as its parent, for its trace and headers; got `{type(parent).__name__}`"
        )
    return item
