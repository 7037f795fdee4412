"""Where the owner of a context meets all of its incoming floes, as one queue.

Items are handed out in the order of their arrival over all floes. A consumer that is cancelled passes
its turn to the next one, so no wait loses an item.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from typing import Protocol, TypeAlias

from penguiflow._runtime.floe import Blockable, Floe, Parcel
from penguiflow._runtime.trace import Trace
from penguiflow.errors import FlowStopped

Turn: TypeAlias = "asyncio.Future[bool | Exception]"
"""True: look for your item. False: the flow stopped. An exception: why no item will come."""


class WorkerView(Blockable, Protocol):
    """What others know of a worker."""

    def is_busy(self) -> bool: ...


class Inbox:
    """All floes that lead to one owner, as one queue."""

    __slots__ = ("awaited", "closings", "crew", "queue", "waiting")

    def __init__(self) -> None:
        self.crew: Sequence[WorkerView] = ()
        """The workers that take items as their whole work, while the flow runs."""
        self.queue: deque[Parcel] = deque()
        """What has arrived, in the order of arrival."""
        self.waiting: list[tuple[Turn, Collection[Floe] | None]] = []
        """Consumers in the order of their asking, with the floes they want an item of."""
        self.awaited = 0
        """How many wait, of whatever kind."""
        self.closings = 0
        """How often the flow has stopped; one who was woken just before would look in vain for ever."""

    def depth(self) -> int:
        """Count the items that wait."""
        return len(self.queue)

    def take(self) -> Parcel:
        """Remove the item that arrived first; the inbox must not be empty."""
        parcel = self.queue.popleft()
        if parcel[0] is not None:
            parcel[0].queued.remove(self)
        parcel[3].let_go()
        return parcel

    def take_from(self, floes: Collection[Floe] | None) -> Parcel | None:
        """Remove the first item, of these floes if given, or return None."""
        if floes is None:
            return self.take() if self.queue else None
        return self._take_first(place for place, parcel in enumerate(self.queue) if parcel[3] in floes)

    def take_unless(self, busy: Collection[Trace], only: Floe | None = None) -> Parcel | None:
        """Remove the first item, of one floe if given, whose trace is not busy, or return None."""
        return self._take_first(place for place in self._free(busy) if only in (None, self.queue[place][3]))

    def has_unless(self, busy: Collection[Trace]) -> bool:
        """Tell whether there is an item whose trace is not busy."""
        return next(self._free(busy), None) is not None

    def remove(self, trace: Trace) -> None:
        """Drop the items of a trace and leave all others in their order."""
        places = [place for place, parcel in enumerate(self.queue) if parcel[0] is trace]
        for place in reversed(places):
            self._take_at(place)

    async def wait(self, floes: Collection[Floe] | None = None) -> None:
        """Wait until an item may be there, in one of `floes` if given; the caller looks again.

        Raises:
            FlowStopped: the flow stopped while the caller waited.
        """
        closings, turn = self.closings, self.line_up(floes)
        try:
            await turn
        except BaseException:
            self.leave(turn)
            raise
        if closings != self.closings:
            refuse_after_stop()

    def line_up(self, floes: Collection[Floe] | None = None) -> Turn:
        """Get a turn to await; whoever is cancelled while awaiting it has to `leave`."""
        turn: Turn = asyncio.get_running_loop().create_future()
        self.waiting.append((turn, floes))
        self.awaited += 1
        return turn

    def wake(self, floe: Floe) -> None:
        """Wake the consumer that has waited longest for an item of this floe."""
        for place, (turn, wanted) in enumerate(self.waiting):
            if not turn.done() and (wanted is None or floe in wanted):
                del self.waiting[place]
                self.awaited -= 1
                turn.set_result(True)
                return

    def close(self) -> None:
        """Drop everything and send waiting consumers away, because the flow stopped."""
        self.queue.clear()
        self.closings += 1
        waiting, self.waiting = self.waiting, []
        self.awaited = 0
        for turn, _ in waiting:
            if not turn.done():
                turn.set_result(False)

    def leave(self, turn: Turn) -> None:
        """Give up a turn; one that has come already passes to the next in line."""
        for entry in self.waiting:
            if entry[0] is turn:
                self.waiting.remove(entry)
                self.awaited -= 1
                return
        if not turn.cancelled():  # it was this caller's turn: the next one gets it
            self._pass_on()

    def _take_first(self, places: Iterator[int]) -> Parcel | None:
        place = next(places, None)
        return None if place is None else self._take_at(place)

    def _take_at(self, place: int) -> Parcel:
        # Not the rotation that is usual for a deque: `del` moves the shorter side, in C.
        parcel = self.queue[place]
        del self.queue[place]
        if parcel[0] is not None:
            parcel[0].queued.remove(self)
        parcel[3].let_go()
        return parcel

    def _free(self, busy: Collection[Trace]) -> Iterator[int]:
        """Yield the places of the items whose traces are not busy."""
        return (place for place, parcel in enumerate(self.queue) if trace_worked_for(parcel) not in busy)

    def _pass_on(self) -> None:
        for floe in dict.fromkeys(parcel[3] for parcel in self.queue):
            self.wake(floe)


def trace_worked_for(parcel: Parcel) -> Trace | None:
    """Return the trace that a parcel belongs to or was made from."""
    return parcel[2] if parcel[0] is None else parcel[0]


def key_of(parcel: Parcel) -> str | None:
    """Return the id of the trace that a parcel belongs to, or was made from and that was not cancelled."""
    trace, _, origin, _ = parcel
    if trace is not None:
        return trace.trace_id
    return None if origin is None or origin.cancelled else origin.trace_id


def refuse_after_stop() -> None:
    """Tell a caller who waited that the flow stopped.

    Raises:
        FlowStopped: always.
    """
    raise FlowStopped("the flow stopped while the caller waited for an item")
