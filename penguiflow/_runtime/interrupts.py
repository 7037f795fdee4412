"""Interrupting what a worker awaits without ending the worker.

The technique of `asyncio.timeout`: cancel the task, remember why, and take the cancellation back once
it has arrived. So an invocation needs no task of its own.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Literal

from penguiflow._runtime.worker_task import WorkerTask
from penguiflow.errors import TraceCancelled

Reason = Literal["timeout", "trace_cancelled"]


class NodeCancelledItself(Exception):
    """The node raised a CancelledError that nobody asked for; that is a failure like any other."""

    def __init__(self, original: BaseException) -> None:
        super().__init__("the node raised CancelledError")
        self.original = original


class Interrupts:
    """The pending interruption of one worker's task."""

    __slots__ = ("_requests", "_task", "deaf", "reason")

    def __init__(self) -> None:
        self._task: WorkerTask | None = None
        self._requests = 0
        self.reason: Reason | None = None
        self.deaf = False
        """While True an interruption is noted but does not disturb what is awaited."""

    def bind(self, task: WorkerTask | None) -> None:
        """Name the task that requests cancel."""
        self._task = task
        self._requests = 0
        self.reason = None

    def request(self, reason: Reason) -> None:
        """Interrupt what the task awaits; cancelling a trace outweighs a timeout."""
        if self.reason != "trace_cancelled":
            self.reason = reason
        if not self.deaf and self._task is not None:
            self._requests += 1
            self._task.cancel()

    def is_pending(self) -> bool:
        """Tell whether the task was cancelled for an interruption that was not taken back yet."""
        return self._requests > 0

    def is_ending(self) -> bool:
        """Tell whether somebody else cancelled the task: the worker has to end."""
        return self._cancellations() > self._requests

    async def disown(self) -> None:
        """Take all cancellations back, also those that a node has left behind; not when the program ends."""
        task = self._task
        if task is None or task.program_ends or not task.cancelling():
            return
        # A request made by the invocation itself has not arrived yet if it never suspended since, and before
        # Python 3.13 `uncancel` alone does not take it back.
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(0)
        self._requests = 0
        while task.cancelling():
            task.uncancel()

    async def absorb(self) -> Reason | None:
        """Take the interruption back and return its reason.

        Raises:
            asyncio.CancelledError: the program ends, so the worker has to end.
        """
        reason, self.reason = self.reason, None
        await self.disown()
        if self._cancellations():
            raise asyncio.CancelledError
        return reason

    async def cause_of(self, problem: BaseException, *, trace_id: str | None) -> BaseException:
        """Return what really happened when an invocation raised `problem`.

        Raises:
            asyncio.CancelledError: the worker has to end.
        """
        if self.reason is None:
            if not isinstance(problem, asyncio.CancelledError):
                return problem
            if self.is_ending():
                raise problem
            return NodeCancelledItself(problem)
        if await self.absorb() == "timeout":
            timeout = TimeoutError()
            timeout.__cause__ = problem
            return timeout
        return TraceCancelled(trace_id)

    def _cancellations(self) -> int:
        return 0 if self._task is None else self._task.cancelling()
