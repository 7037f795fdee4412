"""Floes: the bounded edges of the graph.

A floe bounds and counts what is on its edge. The items themselves wait in the inbox of its target, in
one line for all edges, which keeps the order of each. Places are granted to waiting producers in the
order of their asking; a producer that is cancelled gives its place to the next one, so no wait loses a
place. Where nothing has to be waited for, nothing suspends.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Sequence
from typing import NoReturn, Protocol, TypeAlias

from penguiflow._runtime.endpoints import ROOKERY, Owner
from penguiflow._runtime.statistics import FloeStatistics
from penguiflow._runtime.trace import Place, Trace
from penguiflow.errors import FlowStopped

Parcel: TypeAlias = "tuple[Trace | None, object, Trace | None, Floe]"
"""A queued item: its trace, looked up once, the item, for a bare one the trace it was made from, its floe."""

_Waiter: TypeAlias = "asyncio.Future[bool]"
"""True: go on. False: the flow stopped."""


class Blockable(Protocol):
    """A worker, as far as waiting for room goes."""

    blocked_on: list[Floe]
    """The full floes that its node waits for, from its own task or from those it started."""

    def can_go_on(self) -> bool: ...


class Line(Place, Protocol):
    """The inbox of the target, as a floe sees it."""

    @property
    def queue(self) -> deque[Parcel]: ...
    @property
    def awaited(self) -> int: ...
    @property
    def crew(self) -> Sequence[Blockable]: ...
    def wake(self, floe: Floe) -> None: ...


class Floe:
    """A first-in first-out queue between two owners; `maxsize <= 0` means unbounded."""

    __slots__ = (
        "_closed",
        "_epoch",
        "_producers",
        "_taken",
        "depth",
        "inbox",
        "limit",
        "reserved",
        "source",
        "target",
    )

    def __init__(self, source: Owner, target: Owner, maxsize: int, inbox: Line) -> None:
        self.source = source
        self.target = target
        self.limit = maxsize if maxsize > 0 else sys.maxsize
        self.inbox = inbox
        self.depth = 0
        """Items that wait on this edge."""
        self._taken = 0
        self.reserved = 0
        """Places that are granted but not used yet."""
        self._producers: list[_Waiter] = []
        self._epoch = 0
        self._closed = False

    @property
    def edge(self) -> str:
        """`source->target`, for people."""
        return f"{self.source.name}->{self.target.name}"

    def statistics(self) -> FloeStatistics:
        """Return how full the floe is at this moment and how much has passed it."""
        return FloeStatistics(
            source=self.source.name,
            target=self.target.name,
            depth=self.depth,
            reserved=self.reserved,
            capacity=None if self.limit == sys.maxsize else self.limit,
            waiting_producers=len(self._producers),
            taken=self._taken,
        )

    def has_room(self) -> bool:
        """Tell whether an item can be pushed without waiting and without overtaking a producer."""
        return self.depth + self.reserved < self.limit

    def push(self, trace: Trace | None, item: object, origin: Trace | None = None) -> None:
        """Append an item; the caller has asked for room, or may do without.

        What a cancelled trace still produces is dropped here on its way to the Rookery; elsewhere the
        node that takes it drops it, and says so.
        """
        if trace is not None:
            if trace.cancelled and self.target is ROOKERY:
                return
            trace.queued.append(self.inbox)
        self.depth += 1
        inbox = self.inbox
        inbox.queue.append((trace, item, origin, self))
        if inbox.awaited:
            inbox.wake(self)

    def let_go(self) -> None:
        """Count that an item has left; only the inbox calls this."""
        self.depth -= 1
        self._taken += 1
        if self._producers:
            self._grant()

    async def reserve(self) -> None:
        """Wait for a place and keep it until `release` or `spend`.

        Raises:
            FlowStopped: the flow stopped while the caller waited.
        """
        if self.has_room():
            self.reserved += 1
            return
        if self._closed:
            self._refuse()
        waiter: _Waiter = asyncio.get_running_loop().create_future()
        epoch = self._epoch
        self._producers.append(waiter)
        try:
            granted = await waiter
        except BaseException:
            self._withdraw(waiter)
            raise
        if not granted or epoch != self._epoch:
            if granted:
                self.release()
            self._refuse()

    def release(self) -> None:
        """Give a reserved place back."""
        self.reserved -= 1
        if self._producers:
            self._grant()

    def spend(self, trace: Trace | None, item: object, origin: Trace | None = None) -> None:
        """Push into a reserved place."""
        self.reserved -= 1
        self.push(trace, item, origin)

    def close(self) -> None:
        """Drop everything and let nobody wait for room until `open`, because the flow is stopping."""
        self._closed = True
        self._epoch += 1
        self.depth = 0
        producers, self._producers = self._producers, []
        for waiter in producers:
            if not waiter.done():
                waiter.set_result(False)

    def open(self) -> None:
        """Let producers wait for room again."""
        self._closed = False

    def _refuse(self) -> NoReturn:
        raise FlowStopped(f"the flow stopped while an item waited for room in `{self.edge}`")

    def _grant(self) -> None:
        while self._producers and self.has_room():
            waiter = self._producers.pop(0)
            if not waiter.done():
                self.reserved += 1
                waiter.set_result(True)

    def _withdraw(self, waiter: _Waiter) -> None:
        if waiter.done() and not waiter.cancelled():
            if waiter.result():
                self.release()
        elif waiter in self._producers:
            self._producers.remove(waiter)
