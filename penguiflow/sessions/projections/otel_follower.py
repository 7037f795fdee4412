"""Follows a session while it runs and sends each span when it has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final, Protocol

from penguiflow.sessions.projections.otel_content import NO_CONTENT, ContentPolicy, loaded_content
from penguiflow.sessions.projections.otel_courier import Courier, Troubles
from penguiflow.sessions.projections.otel_spans import SessionSpans
from penguiflow.sessions.projections.otel_values import SpanValue, parse_traceparent
from penguiflow.state.events import RunEvent

INTERVAL_S: Final = 0.5
CLOSE_TIMEOUT_S: Final = 3.0
_EVENTS_A_TURN = 500


class FollowedSession(Protocol):
    """The part of an `AgentSession` that is followed."""

    def events_since(self, cursor: int) -> tuple[Sequence[RunEvent], int]: ...

    async def load_content(self, content_id: str) -> str | None: ...


class TelemetryFollower:
    """Sends the spans that end from `start` on; those that ended before were sent by whoever saw them end.

    A run that waits for a person has not ended: its own span is sent by the process in which it ends.
    """

    def __init__(
        self,
        session: FollowedSession,
        courier: Courier,
        *,
        content: bool = False,
        traceparent: str | None = None,
    ) -> None:
        self._session = session
        self._courier = courier
        self._content = content
        self._spans = SessionSpans(caller=parse_traceparent(traceparent))
        self._cursor = 0
        self._task: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()

    @property
    def troubles(self) -> Troubles:
        """What went wrong so far."""
        return self._courier.troubles

    def start(self) -> None:
        """Begin to follow, in a task that `aclose` awaits."""
        if self._task is not None:
            return
        past, self._cursor = self._session.events_since(0)
        self._task = asyncio.create_task(self._follow(past), name="penguiflow-telemetry")

    async def aclose(self, *, timeout_s: float = CLOSE_TIMEOUT_S) -> None:
        """Send the rest and end; close the session first, so that the end of its run is seen.

        What cannot be sent within the timeout is lost.
        """
        self._closing.set()
        try:
            if self._task is not None:
                await self._task
                self._courier.send(self._spans.close_flows())
        finally:
            await self._courier.aclose(timeout_s=timeout_s)

    async def _follow(self, past: Sequence[RunEvent]) -> None:
        for piece in _pieces(past):
            for event in piece:
                self._take(event, NO_CONTENT)
            await asyncio.sleep(0)  # others work, too
        is_last = False
        while not is_last:
            with suppress(TimeoutError):
                async with asyncio.timeout(INTERVAL_S):
                    await self._closing.wait()
            is_last = self._closing.is_set()  # what comes during the last look belongs to nobody
            await self._catch_up()

    async def _catch_up(self) -> None:
        events, self._cursor = self._session.events_since(self._cursor)
        for piece in _pieces(events):
            ended: list[SpanValue] = []
            for event in piece:
                ended.extend(self._take(event, await self._content_of(event)))
            self._courier.send(ended)
            await asyncio.sleep(0)

    def _take(self, event: RunEvent, content: ContentPolicy) -> Sequence[SpanValue]:
        try:
            return self._spans.take(event, content)
        except Exception as exc:  # noqa: BLE001 - an odd event must not end the telemetry of the others
            self.troubles.note(f"`{event.kind}`: {type(exc).__name__}: {exc}", lost_spans=1)
            return ()

    async def _content_of(self, event: RunEvent) -> ContentPolicy:
        if not self._content:
            return NO_CONTENT
        try:
            return await loaded_content([event], lambda _, content_id: self._session.load_content(content_id))
        except Exception as exc:  # noqa: BLE001 - a store is foreign code; the span goes without the text
            self.troubles.note(f"content cannot be read: {type(exc).__name__}: {exc}")
            return ContentPolicy(wanted=True)


def _pieces(events: Sequence[RunEvent]) -> Iterator[Sequence[RunEvent]]:
    return (events[start : start + _EVENTS_A_TURN] for start in range(0, len(events), _EVENTS_A_TURN))
