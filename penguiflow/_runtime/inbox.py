"""Where the owner of a context meets all of its incoming floes, as one queue.

Items are handed out in the order of their arrival over all floes. A consumer that is cancelled passes
its turn to the next one, so no wait loses an item.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from typing import Protocol, TypeAlias

from penguiflow._runtime.deadlock import Blockable
from penguiflow._runtime.floe import Floe, Parcel
from penguiflow._runtime.trace import Trace
from penguiflow.errors import FlowStopped

Turn: TypeAlias = "asyncio.Future[bool | Exception]"
"""True: look for your item. False: the flow stopped. An exception: why no item will come."""


class WorkerView(Blockable, Protocol):
    """What others know of a worker."""

    def is_busy(self) -> bool: ...


class Inbox:
    """All floes that lead to one owner, as one queue."""

    __slots__ = ("awaited", "crew", "ready", "waiting")

    def __init__(self) -> None:
        self.crew: Sequence[WorkerView] = ()
        """The workers that take items as their whole work, while the flow runs."""
        self.ready: deque[Floe] = deque()
        """One entry per queued item: the floe that holds it, in order of arrival."""
        self.waiting: list[tuple[Turn, Collection[Floe] | None]] = []
        """Consumers in the order of their asking, with the floes they want an item of."""
        self.awaited = 0
        """How many wait, of whatever kind."""

    def depth(self) -> int:
        """Count the items that wait."""
        return len(self.ready)

    def take(self) -> Parcel:
        """Remove the item that arrived first; the inbox must not be empty."""
        return self.ready.popleft().take()

    def take_from(self, floes: Collection[Floe] | None) -> Parcel | None:
        """Remove the first item, of these floes if given, or return None."""
        if floes is None:
            return self.take() if self.ready else None
        for floe in self.ready:
            if floe in floes:
                self.ready.remove(floe)
                return floe.take()
        return None

    def take_unless(self, busy: Collection[Trace], only: Floe | None = None) -> Parcel | None:
        """Remove the first item, of one floe if given, whose trace is not busy, or return None."""
        for place, floe, position in self._free(busy):
            if only in (None, floe):
                del self.ready[place]
                return floe.take_at(position)
        return None

    def has_unless(self, busy: Collection[Trace]) -> bool:
        """Tell whether there is an item whose trace is not busy."""
        return any(True for _ in self._free(busy))

    async def wait(self, floes: Collection[Floe] | None = None) -> None:
        """Wait until an item may be there, in one of `floes` if given; the caller looks again.

        Raises:
            FlowStopped: the flow stopped while the caller waited.
        """
        turn: Turn = asyncio.get_running_loop().create_future()
        self.waiting.append((turn, floes))
        self.awaited += 1
        try:
            outcome = await turn
        except BaseException:
            self._leave(turn)
            raise
        if outcome is not True:
            refuse_after_stop()

    def wake(self, floe: Floe) -> None:
        """Wake the consumer that has waited longest for an item of this floe."""
        for entry in self.waiting:
            turn, wanted = entry
            if not turn.done() and (wanted is None or floe in wanted):
                self.waiting.remove(entry)
                self.awaited -= 1
                turn.set_result(True)
                return

    def forget(self, floe: Floe, positions: Sequence[int]) -> None:
        """Drop the entries of items that leave the floe, given by their ascending positions in it."""
        ready = self.ready
        if len(ready) == len(floe.items):  # every entry is of this floe
            for position in reversed(positions):
                del ready[position]
            return
        places = [place for place, entry in enumerate(ready) if entry is floe]
        for position in reversed(positions):
            del ready[places[position]]

    def close(self) -> None:
        """Drop everything and send waiting consumers away, because the flow stopped."""
        self.ready.clear()
        waiting, self.waiting = self.waiting, []
        self.awaited = 0
        for turn, _ in waiting:
            if not turn.done():
                turn.set_result(False)

    def _free(self, busy: Collection[Trace]) -> Iterator[tuple[int, Floe, int]]:
        """Yield the items whose traces are not busy: the place in the line, the floe, the position in it."""
        seen: dict[Floe, int] = {}
        for place, floe in enumerate(self.ready):
            position = seen.get(floe, 0)
            seen[floe] = position + 1
            if trace_worked_for(floe.items[position]) not in busy:
                yield place, floe, position

    def _leave(self, turn: Turn) -> None:
        for entry in self.waiting:
            if entry[0] is turn:
                self.waiting.remove(entry)
                self.awaited -= 1
                return
        if not turn.cancelled():  # it was this caller's turn: the next one gets it
            self._pass_on()

    def _pass_on(self) -> None:
        for floe in dict.fromkeys(self.ready):
            self.wake(floe)


def trace_worked_for(parcel: Parcel) -> Trace | None:
    """Return the trace that a parcel belongs to or was made from."""
    return parcel[2] if parcel[0] is None else parcel[0]


def key_of(parcel: Parcel) -> str | None:
    """Return the id of the trace that a parcel belongs to, or was made from and that was not cancelled."""
    trace, _, origin = parcel
    if trace is not None:
        return trace.trace_id
    return None if origin is None or origin.cancelled else origin.trace_id


def refuse_after_stop() -> None:
    """Tell a caller who waited that the flow stopped.

    Raises:
        FlowStopped: always.
    """
    raise FlowStopped("the flow stopped while the caller waited for an item")
