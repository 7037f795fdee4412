"""Callers that send a message under a trace id of their choice and fetch the answer by it.

Two callers with the same id would get each other's answers; so the second one waits until the first
has fetched its answer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from penguiflow._runtime.floe import Parcel
from penguiflow._runtime.landing import Landing
from penguiflow._runtime.trace import TraceEvent, Traces
from penguiflow.errors import FlowError, FlowStopped, TraceCancelled


@dataclass(slots=True)
class _RoundTrip:
    event: TraceEvent
    """Held so that a failure is remembered until the caller comes for the answer."""
    sent: bool = False
    """The flow has accepted the message."""
    next_callers: deque[asyncio.Future[bool]] = field(default_factory=deque[asyncio.Future[bool]])


class RoundTrips:
    """The round trips that are under way, one per trace id."""

    __slots__ = ("_landing", "_traces", "_under_way")

    def __init__(self, landing: Landing, traces: Traces) -> None:
        self._landing = landing
        self._traces = traces
        self._under_way: dict[str, _RoundTrip] = {}
        landing.claimed = self._under_way

    def sent(self, trace_id: str) -> None:
        """Note that the flow has accepted the message."""
        round_trip = self._under_way.get(trace_id)
        if round_trip is not None:
            round_trip.sent = True

    def is_under_way(self, trace_id: str) -> bool:
        """Tell whether a message was sent under this id whose answer nobody has fetched."""
        round_trip = self._under_way.get(trace_id)
        return round_trip is not None and round_trip.sent

    async def begin(self, trace_id: str) -> None:
        """Wait until no other round trip of the trace is under way, and begin one.

        Raises:
            FlowStopped: the flow stopped while the caller waited.
        """
        round_trip = self._under_way.get(trace_id)
        if round_trip is None:
            self._under_way[trace_id] = _RoundTrip(self._traces.event_of(trace_id))
            return
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        round_trip.next_callers.append(turn)
        try:
            my_turn = await turn
        except BaseException:
            if turn.done() and not turn.cancelled() and turn.result():
                self.end(trace_id)
            raise
        if not my_turn:
            raise FlowStopped(f"the flow stopped while a round trip of `{trace_id}` waited for its turn")

    async def answer(self, trace_id: str) -> Parcel:
        """Wait for a result of the trace and end its round trip; a cancelled wait leaves it open.

        Raises:
            FlowStopped: the flow stopped while the caller waited.
            FlowError: the trace ended without a result, because a node failed.
            TraceCancelled: the trace was cancelled.
        """
        event = self._traces.event_of(trace_id)
        while (parcel := self._landing.take_of(trace_id)) is None:
            failure: Exception | None
            if event.is_set():
                failure = TraceCancelled(trace_id)
            elif event.failure is not None:
                failure, event.failure = event.failure, None
            else:
                failure = await self._landing.wait_of(trace_id)
            if isinstance(failure, FlowError):
                self.end(trace_id)
            if failure is not None:
                raise failure  # a cancelled trace ends its round trip with the last of its work
        self.end(trace_id)
        return parcel

    def end(self, trace_id: str) -> None:
        """End the round trip, if there is one, and let the next caller begin."""
        round_trip = self._under_way.get(trace_id)
        if round_trip is None:
            return
        round_trip.event = self._traces.event_of(trace_id)
        round_trip.sent = False
        while round_trip.next_callers:
            turn = round_trip.next_callers.popleft()
            if not turn.done():
                turn.set_result(True)
                return
        del self._under_way[trace_id]
        self._landing.look_again()  # what else there is of the trace is for anybody

    def clear(self) -> None:
        """End all of them, because the flow stopped."""
        round_trips = tuple(self._under_way.values())
        self._under_way.clear()
        for round_trip in round_trips:
            for turn in round_trip.next_callers:
                if not turn.done():
                    turn.set_result(False)
