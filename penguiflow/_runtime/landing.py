"""The Rookery's inbox: callers fetch the next result, or the next one of a trace.

While somebody waits for one trace, results of the others are set aside once their floe is full, so
that a caller who comes later cannot block the one who waits. Results that are set aside keep their
order and count as queued.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Collection
from itertools import count
from typing import Protocol

from penguiflow._runtime.floe import Floe, Parcel
from penguiflow._runtime.inbox import Inbox, Turn, key_of, refuse_after_stop
from penguiflow._runtime.trace import Trace


class StoreOutlet(Protocol):
    """The way into the state store."""

    async def caught_up(self) -> None:
        """Wait a moment until the store has everything."""


class Landing(Inbox):
    """An inbox whose items can be asked for by trace."""

    __slots__ = (
        "_aside",
        "_aside_by_trace",
        "_number",
        "_seekers",
        "_witnesses",
        "claimed",
        "store",
    )

    def __init__(self) -> None:
        super().__init__()
        self.claimed: Collection[str] = ()
        """Traces whose results are only for those who ask for the trace."""
        self.store: StoreOutlet | None = None
        """Has to know what led to a result before anybody gets the result."""
        self._number = count()
        self._aside: OrderedDict[int, Parcel] = OrderedDict()
        self._aside_by_trace: dict[str | None, deque[int]] = {}
        self._seekers: dict[str, deque[Turn]] = {}
        self._witnesses: dict[str | None, list[Turn]] = {}

    def depth(self) -> int:
        """Count the items that wait."""
        return len(self.queue) + len(self._aside)

    def take_now(self) -> Parcel | None:
        """Remove the result that arrived first, or return None; the quick way that most results go."""
        if self.claimed or self._aside:
            return self.take_from(None)
        return self.take() if self.queue else None

    def take_from(self, floes: Collection[Floe] | None) -> Parcel | None:
        """Remove the first result, of these floes if given, or return None."""
        if self.claimed:
            self._set_aside()
        if self._aside:
            for number, parcel in self._aside.items():
                if (floes is None or parcel[3] in floes) and key_of(parcel) not in self.claimed:
                    return self._take_aside(number)
        return super().take_from(floes)

    def take_of(self, trace_id: str) -> Parcel | None:
        """Remove the first result of the trace, or return None."""
        if trace_id not in self._aside_by_trace:
            self._set_aside()
        numbers = self._aside_by_trace.get(trace_id)
        return self._take_aside(numbers[0]) if numbers else None

    async def told(self, trace_id: str | None = None) -> None:
        """Wait a moment until the state store knows what led to the results that are here.

        With `trace_id` only to those of the trace. Where there are none yet, `wait` sees to it.

        Raises:
            FlowStopped: the flow stopped meanwhile.
        """
        if self.store is not None and self._holds(trace_id):
            await self._store_caught_up(self.store)

    async def wait(self, floes: Collection[Floe] | None = None) -> None:
        """Wait until a result may be there, in one of `floes` if given; the caller looks again.

        Raises:
            FlowStopped: the flow stopped while the caller waited.
        """
        turn = self.line_up(floes)
        try:
            await self._outcome(turn)
        except BaseException:
            self.leave(turn)
            raise

    async def wait_of(self, trace_id: str) -> Exception | None:
        """Wait until a result of the trace may be there, or return why none will come.

        Raises:
            FlowStopped: the flow stopped while the caller waited.
        """
        turn: Turn = asyncio.get_running_loop().create_future()
        self._seekers.setdefault(trace_id, deque()).append(turn)
        self.awaited += 1
        try:
            return await self._outcome(turn)
        except BaseException:
            self._forget_seeker(trace_id, turn)
            raise

    async def wait_or_fail(self, trace_id: str | None) -> Exception | None:
        """Wait until any result may be there, or return why the trace will have none.

        Raises:
            FlowStopped: the flow stopped while the caller waited.
        """
        turn = self.line_up()
        witnesses = self._witnesses.setdefault(trace_id, [])
        witnesses.append(turn)
        try:
            return await self._outcome(turn)
        except BaseException:
            self.leave(turn)
            raise
        finally:
            witnesses.remove(turn)
            if not witnesses and self._witnesses.get(trace_id) is witnesses:
                del self._witnesses[trace_id]

    def fail(self, trace_id: str | None, failure: Exception) -> bool:
        """Tell everybody who waits for this trace that no result will come; tell whether anybody did."""
        seekers = self._seekers.pop(trace_id, deque[Turn]()) if trace_id is not None else deque[Turn]()
        self.awaited -= len(seekers)
        witnesses = self._witnesses.get(trace_id, ())
        for entry in [entry for entry in self.waiting if entry[0] in witnesses]:
            self.waiting.remove(entry)
            self.awaited -= 1
        told = [turn for turn in (*seekers, *witnesses) if not turn.done()]
        for turn in told:
            turn.set_result(failure)
        return bool(told)

    def wake(self, floe: Floe) -> None:
        """Wake the one who waits for the trace of the newest item of this floe, or else for any item."""
        trace_id = key_of(self.queue[-1])
        if not self._wake_seeker(trace_id) and trace_id not in self.claimed:
            super().wake(floe)
        if (self._seekers or self.claimed) and not floe.has_room():
            self._set_aside()

    def look_again(self) -> None:
        """Let everybody who waits see whether something is here for them now."""
        if self.awaited and self.depth():
            self._pass_on()

    def remove(self, trace: Trace) -> None:
        """Drop the results of a trace, those that were set aside too."""
        super().remove(trace)
        for number in tuple(self._aside_by_trace.get(trace.trace_id, ())):
            if self._aside[number][0] is trace:
                self._take_aside(number)

    def close(self) -> None:
        """Drop everything and send everybody away, because the flow stopped."""
        super().close()
        self._aside.clear()
        self._aside_by_trace.clear()
        seekers, self._seekers = self._seekers, {}
        for turns in seekers.values():
            for turn in turns:
                if not turn.done():
                    turn.set_result(False)

    async def _outcome(self, turn: Turn) -> Exception | None:
        closings = self.closings
        outcome = await turn
        if closings != self.closings:
            refuse_after_stop()
        if isinstance(outcome, Exception):
            return outcome
        if self.store is not None:
            await self._store_caught_up(self.store)
        return None

    async def _store_caught_up(self, store: StoreOutlet) -> None:
        closings = self.closings
        await store.caught_up()
        if closings != self.closings:
            refuse_after_stop()

    def _holds(self, trace_id: str | None) -> bool:
        if trace_id is not None or self.claimed:
            self._set_aside()
        if trace_id is not None:
            return trace_id in self._aside_by_trace
        return bool(self.queue) or any(key not in self.claimed for key in self._aside_by_trace)

    def _set_aside(self) -> None:
        while self.queue:
            parcel = self.take()
            if parcel[0] is not None:
                parcel[0].queued.append(self)
            number = next(self._number)
            self._aside[number] = parcel
            self._aside_by_trace.setdefault(key_of(parcel), deque()).append(number)

    def _take_aside(self, number: int) -> Parcel:
        parcel = self._aside.pop(number)
        key = key_of(parcel)
        numbers = self._aside_by_trace[key]
        numbers.remove(number)
        if not numbers:
            del self._aside_by_trace[key]
        if parcel[0] is not None:
            parcel[0].queued.remove(self)
        return parcel

    def _wake_seeker(self, trace_id: str | None) -> bool:
        turns = None if trace_id is None else self._seekers.get(trace_id)
        while turns:
            turn = turns.popleft()
            self.awaited -= 1
            if trace_id is not None and not turns:
                del self._seekers[trace_id]
            if not turn.done():
                turn.set_result(True)
                return True
        return False

    def _forget_seeker(self, trace_id: str, turn: Turn) -> None:
        turns = self._seekers.get(trace_id)
        if turns is not None and turn in turns:
            turns.remove(turn)
            self.awaited -= 1
            if not turns:
                del self._seekers[trace_id]
        elif not turn.cancelled():  # it was this caller's turn
            self._pass_on()

    def _pass_on(self) -> None:
        """Wake everybody for whom something may be here, after one who was woken has gone."""
        for trace_id in tuple(self._seekers):
            if trace_id in self._aside_by_trace or self.queue:
                self._wake_seeker(trace_id)
        for _ in range(self.depth()):
            if not self.waiting:
                return
            turn, _floes = self.waiting.pop(0)
            self.awaited -= 1
            if not turn.done():
                turn.set_result(True)
