"""Buckets: where the items of a trace wait for each other, and for how long.

The context of the node keeps the bucket of a trace, so it ends with the trace: cancelling the trace or
stopping the flow drops it, and so does the deadline of its first item. Nothing stale can meet a later
item of the same trace id.
"""

from __future__ import annotations

import asyncio
import contextvars
import weakref
from typing import Any, Protocol

from penguiflow._clock import WallClock, wall_clock
from penguiflow.core import Context
from penguiflow.types import Message


class Keeper(Protocol):
    """What keeps buckets: a context that belongs to a flow, or a shelf."""

    def kept(self, trace_id: str) -> list[Any]: ...  # what is kept is the keeper's user's business
    def forget(self, trace_id: str) -> None: ...


class Shelf:
    """Keeps buckets where no flow does, as in a test that invokes the node alone."""

    def __init__(self) -> None:
        self._kept: dict[str, list[Any]] = {}

    def kept(self, trace_id: str) -> list[Any]:
        return self._kept.setdefault(trace_id, [])

    def forget(self, trace_id: str) -> None:
        self._kept.pop(trace_id, None)


class Bucket:
    """The items of one trace, in the order of arrival."""

    __slots__ = ("__weakref__", "_clock", "_deadline_s", "_keeper", "_timer", "_trace_id", "items")

    def __init__(self, trace_id: str, keeper: Keeper, deadline_s: float | None) -> None:
        self.items: list[Any] = []
        self._trace_id = trace_id
        self._keeper = keeper
        self._deadline_s = deadline_s
        self._clock = _clock_of(keeper)
        self._timer: asyncio.TimerHandle | None = None
        if deadline_s is not None:
            # A weak reference and an empty context: the timer must keep nothing alive that the keeper
            # has dropped meanwhile, least of all the flow.
            reference: weakref.ref[Bucket] = weakref.ref(self)
            self._timer = asyncio.get_running_loop().call_later(
                deadline_s - self._clock(), _expire, reference, context=contextvars.Context()
            )

    def is_expired(self) -> bool:
        """Tell whether the deadline has passed, even if the timer has not noticed."""
        return self._deadline_s is not None and self._clock() > self._deadline_s

    def discard(self) -> None:
        """End the bucket; the next item of the trace gets a new one."""
        if self._timer is not None:
            self._timer.cancel()
        self._keeper.forget(self._trace_id)

    def expire(self) -> None:
        """End the bucket unless its keeper has dropped it, and perhaps keeps another one, already."""
        kept = self._keeper.kept(self._trace_id)
        if not kept or kept[0] is self:
            self.discard()


def bucket_for(item: object, trace_id: str, keeper: Keeper) -> Bucket:
    """Return the bucket that waits for the item, or a new one."""
    kept = keeper.kept(trace_id)
    if kept:
        bucket: Bucket = kept[0]
        if not bucket.is_expired():
            return bucket
        bucket.discard()
        kept = keeper.kept(trace_id)
    bucket = Bucket(trace_id, keeper, item.deadline_s if isinstance(item, Message) else None)
    kept.append(bucket)
    return bucket


def _expire(reference: weakref.ref[Bucket]) -> None:
    bucket = reference()
    if bucket is not None:
        bucket.expire()


def _clock_of(keeper: Keeper) -> WallClock:
    runtime = keeper.runtime if isinstance(keeper, Context) else None
    return wall_clock if runtime is None else runtime.services.clock
