"""Which items of which trace are where.

A trace lives from the first item that is queued until none is queued or worked on any more. Its
account is structural: it lists the queues and the workers that hold an item, so there is no counter
that could be forgotten, and cancelling costs what the trace holds, not what the flow holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol, cast
from weakref import WeakValueDictionary

from pydantic import BaseModel

from penguiflow.errors import FlowError, FlowStopped, TraceCancelled
from penguiflow.types import Message


class Place(Protocol):
    """A queue, as a trace sees it."""

    def remove(self, trace: Trace) -> None:
        """Take out every item of the trace and leave all others in their order."""


class Holder(Protocol):
    """A worker, as a trace sees it."""

    def cancel_invocation(self) -> None:
        """Interrupt what is being done for the trace."""


class Trace:
    """The account of one trace id while any of its items is in the flow."""

    __slots__ = (
        "__weakref__",
        "cancelled",
        "failure",
        "holders",
        "kept",
        "node_streams",
        "queued",
        "room_waiters",
        "shown_hops",
        "trace_id",
    )

    def __init__(self, trace_id: str) -> None:
        self.trace_id = trace_id
        self.queued: list[Place] = []
        self.holders: list[Holder] = []
        self.cancelled = False
        self.shown_hops: range | None = None
        """`WM.hops` of the iterations that were shown to the caller."""
        self.room_waiters: list[asyncio.Future[bool]] | None = None
        self.node_streams: set[str] | None = None
        """Streams that nodes feed for this trace."""
        self.kept: dict[str, list[Any]] | None = None  # whatever a node collects
        """What nodes, by their ids, keep of the trace between two items; it is not pending."""
        self.failure: FlowError | None = None
        """Why the newest item of the trace that failed for good was not answered."""

    @property
    def pending(self) -> int:
        """Items queued or being worked on."""
        return len(self.queued) + len(self.holders)

    def admits_chunk(self, maxsize: int) -> bool:
        """Decide whether a further chunk may enter at once; the item being worked on does not count."""
        if self.cancelled:
            return False
        return maxsize <= 0 or len(self.queued) + len(self.holders) - 1 < maxsize


class TraceEvent(asyncio.Event):
    """Set when the trace is cancelled; remembers a failure that nobody was waiting to hear of."""

    failure: FlowError | None = None


class Traces:
    """All live traces of a flow."""

    __slots__ = ("_events", "_live", "_on_end", "_origins")

    def __init__(self, on_end: Callable[[Trace], None]) -> None:
        self._live: dict[str, Trace] = {}
        self._on_end = on_end
        # Made when needed: a flow of one node would be a tenth larger with two empty ones.
        self._origins: WeakValueDictionary[str, Trace] | None = None
        self._events: WeakValueDictionary[str, TraceEvent] | None = None

    def find(self, trace_id: str | None) -> Trace | None:
        """Return the live trace with this id."""
        return None if trace_id is None else self._live.get(trace_id)

    def of(self, item: object) -> Trace | None:
        """Return the trace of an item that is about to be queued; bare values have none."""
        trace_id = trace_id_of(item)
        return None if trace_id is None else self.named(trace_id)

    def named(self, trace_id: str) -> Trace:
        """Return the trace with this id, which may begin here."""
        trace = self._live.get(trace_id)
        if trace is None:
            trace = self._live[trace_id] = Trace(trace_id)
        return trace

    def remember(self, origin: Trace) -> None:
        """Know this trace, even when it has ended, as long as bare items that were made from it exist."""
        if self._origins is None:
            self._origins = WeakValueDictionary()
        self._origins[origin.trace_id] = origin

    def disown(self, trace_id: str) -> None:
        """Let bare items that were made from this trace no longer count as its results."""
        origin = None if self._origins is None else self._origins.get(trace_id)
        if origin is not None:
            origin.cancelled = True

    def event_of(self, trace_id: str) -> TraceEvent:
        """Return the event that is set when the trace is cancelled; it lives as long as somebody holds it."""
        if self._events is None:
            self._events = WeakValueDictionary()
        event = self._events.get(trace_id)
        if event is None:
            event = self._events[trace_id] = TraceEvent()
        trace = self._live.get(trace_id)
        if trace is not None and trace.cancelled:
            event.set()
        return event

    def keep_failure(self, trace_id: str, failure: FlowError) -> None:
        """Remember, as long as somebody holds the event of the trace, that no result will come."""
        event = self._known_event(trace_id)
        if event is not None:
            event.failure = failure

    def release(self, trace: Trace, holder: Holder) -> None:
        """Note that the holder is done with its item."""
        trace.holders.remove(holder)
        if not trace.queued or trace.room_waiters:
            self.settle(trace)

    def settle(self, trace: Trace) -> None:
        """End the trace if nothing is left of it, and wake those who wait for room in it."""
        if is_over(trace) and self._live.get(trace.trace_id) is trace:
            del self._live[trace.trace_id]
            if trace.cancelled and self._events is not None:
                self._events.pop(trace.trace_id, None)  # a later trace of this id is another one
            self._on_end(trace)
        if trace.room_waiters:
            _wake(trace, stopped=False)

    async def wait_for_room(self, trace_id: str, maxsize: int) -> None:
        """Wait until the trace has at most `maxsize` items beside the one being worked on.

        Raises:
            TraceCancelled: the trace was cancelled meanwhile.
            FlowStopped: the flow stopped meanwhile.
        """
        while (trace := self._live.get(trace_id)) is not None:
            if trace.cancelled:
                raise TraceCancelled(trace_id)
            if trace.admits_chunk(maxsize):
                return
            waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            if trace.room_waiters is None:
                trace.room_waiters = []
            trace.room_waiters.append(waiter)
            if await waiter:
                raise FlowStopped(f"the flow stopped while trace `{trace_id}` waited for room")

    def mark_cancelled(self, trace: Trace) -> None:
        """Refuse further work of the trace; the caller takes out and interrupts what exists."""
        trace.cancelled = True
        trace.kept = None
        event = self._known_event(trace.trace_id)
        if event is not None:
            event.set()
        if trace.room_waiters:
            _wake(trace, stopped=False)

    def purge(self, trace: Trace) -> None:
        """Drop what is queued for the trace and interrupt those who work on it."""
        for place in dict.fromkeys(trace.queued):
            place.remove(trace)
        for holder in tuple(trace.holders):
            holder.cancel_invocation()
        self.settle(trace)

    def clear(self) -> None:
        """Forget all traces, because the flow stopped."""
        traces, self._live = self._live, {}
        for trace in traces.values():
            trace.queued.clear()
            trace.kept = None
            if trace.room_waiters:
                _wake(trace, stopped=True)

    def __len__(self) -> int:
        return len(self._live)

    def _known_event(self, trace_id: str) -> TraceEvent | None:
        return None if self._events is None else self._events.get(trace_id)


def is_over(trace: Trace) -> bool:
    """Decide whether nothing of the trace is left in the flow."""
    return not trace.holders and not trace.queued and not trace.kept


def trace_id_of(item: object) -> str | None:
    """Return the trace id that an item carries, if any."""
    if type(item) is Message:
        return item.trace_id
    if _never_traced(type(item)):
        return None
    try:
        trace_id: object = getattr(item, "trace_id", None)
    except Exception:  # noqa: BLE001 - an item of the user's whose attribute fails is an item without a trace
        return None
    return trace_id if isinstance(trace_id, str) else None


def _never_traced_uncached(kind: type) -> bool:
    # A missed attribute costs a pydantic model ten times what it costs any other object.
    if not issubclass(kind, BaseModel):
        return False
    extra_allowed = kind.model_config.get("extra") == "allow"
    return not extra_allowed and "trace_id" not in kind.model_fields and not hasattr(kind, "trace_id")


# mypy and pyright do not see that a type is hashable, which the signature of `lru_cache` asks for
_never_traced = cast("Callable[[type], bool]", lru_cache(maxsize=256)(_never_traced_uncached))


def _wake(trace: Trace, *, stopped: bool) -> None:
    waiters, trace.room_waiters = trace.room_waiters or [], None
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(stopped)
