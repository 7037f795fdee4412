"""Floes and inboxes: the bounded edges of the graph, and where a node meets all of its own.

Order is kept per floe; an inbox hands items out in the order of their arrival over all its floes.
Places are granted to waiting producers in the order of their asking. A producer or consumer that is
cancelled gives its place or its turn to the next one, so no wait loses an item or a place. Where
nothing has to be waited for, nothing suspends.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Collection
from typing import TypeAlias

from penguiflow._runtime.endpoints import ROOKERY, Owner
from penguiflow._runtime.trace import Trace
from penguiflow.errors import FlowStopped

Parcel: TypeAlias = tuple[Trace | None, object]
"""A queued item with its trace, looked up once."""

_Waiter: TypeAlias = "asyncio.Future[bool]"
"""True: go on. False: the flow stopped."""


class Floe:
    """A first-in first-out queue between two owners; `maxsize <= 0` means unbounded."""

    __slots__ = ("_epoch", "_granted", "_producers", "inbox", "items", "limit", "source", "target")

    def __init__(self, source: Owner, target: Owner, maxsize: int, inbox: Inbox) -> None:
        self.source = source
        self.target = target
        self.limit = maxsize if maxsize > 0 else sys.maxsize
        self.inbox = inbox
        self.items: deque[Parcel] = deque()
        self._granted = 0
        self._producers: deque[_Waiter] = deque()
        self._epoch = 0

    @property
    def edge(self) -> str:
        """`source->target`, for people."""
        return f"{self.source.name}->{self.target.name}"

    def has_room(self) -> bool:
        """Tell whether an item can be pushed without waiting and without overtaking a producer."""
        return len(self.items) + self._granted < self.limit

    def push(self, trace: Trace | None, item: object) -> None:
        """Append an item; the caller has asked for room, or may do without.

        What a cancelled trace still produces is dropped here on its way to the Rookery; elsewhere the
        node that takes it drops it, and says so.
        """
        if trace is not None:
            if trace.cancelled and self.target is ROOKERY:
                return
            trace.queued.append(self)
        self.items.append((trace, item))
        inbox = self.inbox
        inbox.ready.append(self)
        if inbox.waiting:
            inbox.wake(self)

    def take(self) -> Parcel:
        """Remove the oldest item; only its inbox calls this."""
        parcel = self.items.popleft()
        if parcel[0] is not None:
            parcel[0].queued.remove(self)
        if self._producers:
            self._grant()
        return parcel

    async def reserve(self) -> None:
        """Wait for a place and keep it until `release`.

        Raises:
            FlowStopped: the flow stopped while the caller waited.
        """
        if self.has_room():
            self._granted += 1
            return
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
            raise FlowStopped(f"the flow stopped while an item waited for room in `{self.edge}`")

    def release(self) -> None:
        """Give a reserved place back."""
        self._granted -= 1
        if self._producers:
            self._grant()

    def spend(self, trace: Trace | None, item: object) -> None:
        """Push into a reserved place."""
        self._granted -= 1
        self.push(trace, item)

    def remove(self, trace: Trace) -> None:
        """Take out the items of a trace and leave all others in their order."""
        kept: deque[Parcel] = deque()
        taken: set[int] = set()
        for position, parcel in enumerate(self.items):
            if parcel[0] is trace:
                taken.add(position)
                trace.queued.remove(self)
            else:
                kept.append(parcel)
        self.items = kept
        self.inbox.forget(self, taken)
        self._grant()

    def close(self) -> None:
        """Drop everything and send waiting producers away, because the flow stopped."""
        self._epoch += 1
        self.items.clear()
        producers, self._producers = self._producers, deque()
        _set_all(producers, go_on=False)

    def _grant(self) -> None:
        while self._producers and self.has_room():
            waiter = self._producers.popleft()
            if not waiter.done():
                self._granted += 1
                waiter.set_result(True)

    def _withdraw(self, waiter: _Waiter) -> None:
        if waiter.done() and not waiter.cancelled():
            if waiter.result():
                self.release()
        elif waiter in self._producers:
            self._producers.remove(waiter)


class Inbox:
    """All floes that lead to one owner, as one queue."""

    __slots__ = ("consumer", "ready", "waiting")

    def __init__(self) -> None:
        self.consumer: asyncio.Task[None] | None = None
        """The task that takes items as its whole work, if there is one."""
        self.ready: deque[Floe] = deque()
        """One entry per queued item: the floe that holds it, in order of arrival."""
        self.waiting: deque[tuple[_Waiter, Collection[Floe] | None]] = deque()

    def take(self) -> Parcel:
        """Remove the item that arrived first; the inbox must not be empty."""
        return self.ready.popleft().take()

    def take_from(self, floes: Collection[Floe]) -> Parcel | None:
        """Remove the first item of these floes, or return None."""
        for floe in self.ready:
            if floe in floes:
                self.ready.remove(floe)
                return floe.take()
        return None

    async def wait(self, floes: Collection[Floe] | None = None) -> None:
        """Wait until an item may be there, in one of `floes` if given; the caller looks again.

        Raises:
            FlowStopped: the flow stopped while the caller waited.
        """
        waiter: _Waiter = asyncio.get_running_loop().create_future()
        self.waiting.append((waiter, floes))
        try:
            go_on = await waiter
        except BaseException:
            self._withdraw(waiter)
            raise
        if not go_on:
            raise FlowStopped("the flow stopped while the caller waited for an item")

    def wake(self, floe: Floe) -> None:
        """Wake the consumer that has waited longest for an item of this floe."""
        for entry in self.waiting:
            waiter, wanted = entry
            if not waiter.done() and (wanted is None or floe in wanted):
                self.waiting.remove(entry)
                waiter.set_result(True)
                return

    def forget(self, floe: Floe, positions: Collection[int]) -> None:
        """Drop the entries of items that were removed from the floe, given by their positions in it."""
        kept: deque[Floe] = deque()
        position = 0
        for entry in self.ready:
            if entry is floe:
                position += 1
                if position - 1 in positions:
                    continue
            kept.append(entry)
        self.ready.clear()
        self.ready.extend(kept)  # in place: workers keep a reference

    def close(self) -> None:
        """Drop everything and send waiting consumers away, because the flow stopped."""
        self.ready.clear()
        waiting = [waiter for waiter, _ in self.waiting]
        self.waiting.clear()
        _set_all(waiting, go_on=False)

    def _withdraw(self, waiter: _Waiter) -> None:
        for entry in self.waiting:
            if entry[0] is waiter:
                self.waiting.remove(entry)
                return
        if not waiter.cancelled():  # it was this caller's turn: the next one gets it
            for floe in dict.fromkeys(self.ready):
                self.wake(floe)


def _set_all(waiters: Collection[_Waiter], *, go_on: bool) -> None:
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(go_on)
