"""A way out of the flow to something that may be slow or broken: a state store, a message bus.

What is put goes out one after the other, in order, in a task that ends when nothing is left. Whoever
puts may wait a moment for it, so that a quick receiver is as good as called in place; a receiver
that takes longer is left behind, and from then on nobody waits until it has caught up.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

from penguiflow._clock import MonotonicClock, monotonic_clock
from penguiflow.errors import repr_of

PATIENCE_S: Final = 0.05
"""How long a flow waits for a receiver before it goes on without it."""

WARNING_INTERVAL_S: Final = 10.0
"""A broken receiver is reported at once, and then not more often than this."""

CAPACITY: Final = 10_000
"""Values that may wait for a slow receiver; further ones are dropped and counted."""

LOGGER = logging.getLogger("penguiflow.core")

T = TypeVar("T")


class Outlet(Generic[T]):
    """Sends values in order with `send`; `describe` gives the facts for the log record of a failure."""

    def __init__(
        self,
        send: Callable[[T], Awaitable[None]],
        *,
        failure_event: str,
        describe: Callable[[T], dict[str, object]],
        clock: MonotonicClock = monotonic_clock,
    ) -> None:
        self._send = send
        self._failure_event = failure_event
        self._describe = describe
        self._clock = clock
        self._waiting: deque[T] = deque()
        self._task: asyncio.Task[None] | None = None
        self._left_behind = False
        self._warned_at: float | None = None
        self._silent_failures = 0
        self.failed = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, value: T) -> None:
        """Send the value later; drop it if too many wait already."""
        if len(self._waiting) >= CAPACITY:
            self.dropped += 1
            self._warn(value, None)
            return
        self._waiting.append(value)
        if self._task is None:
            task = asyncio.get_running_loop().create_task(self._run(), name="penguiflow:outlet")
            self._task = None if task.done() else task  # an eager task may be done already

    async def caught_up(self) -> None:
        """Wait a moment until everything is sent; not at all while the receiver is known to be slow."""
        if self._task is None or self._left_behind:
            return
        _, unfinished = await asyncio.wait((self._task,), timeout=PATIENCE_S)
        if unfinished:
            self._left_behind = True

    async def drain(self, timeout_s: float) -> None:
        """Wait until everything is sent, at most `timeout_s` seconds."""
        if self._task is not None:
            await asyncio.wait((self._task,), timeout=timeout_s)

    async def aclose(self, timeout_s: float) -> None:
        """Send what is left, then give up; what could not be sent counts as dropped."""
        await self.drain(timeout_s)
        if self._task is not None:
            self.dropped += len(self._waiting)
            self._waiting.clear()
            self._task.cancel()
            await asyncio.wait((self._task,), timeout=timeout_s)

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._send_one(self._waiting.popleft())
        finally:
            self._task = None
            self._left_behind = False

    async def _send_one(self, value: T) -> None:
        try:
            await self._send(value)
        except asyncio.CancelledError as exc:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                self.dropped += 1
                raise
            self._fail(value, exc)
        except Exception as exc:  # noqa: BLE001 - the receiver is foreign code; its failure is logged
            self._fail(value, exc)

    def _fail(self, value: T, failure: BaseException) -> None:
        self.failed += 1
        self._warn(value, failure)

    def _warn(self, value: T, failure: BaseException | None) -> None:
        now = self._clock()
        if self._warned_at is not None and now - self._warned_at < WARNING_INTERVAL_S:
            self._silent_failures += 1
            return
        LOGGER.log(
            logging.ERROR if failure is not None else logging.WARNING,
            self._failure_event,
            extra={
                "event": self._failure_event,
                **self._describe(value),
                "exception": "the receiver is too slow" if failure is None else repr_of(failure),
                "dropped": self.dropped,
                "unreported": self._silent_failures,
            },
            exc_info=failure,
        )
        self._warned_at, self._silent_failures = now, 0
