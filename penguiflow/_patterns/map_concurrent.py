"""Apply an async function to many items, a bounded number at a time.

A fixed number of lanes draws from one iterator, so an item costs a call and not a task. When a lane
fails or the caller is cancelled, no further item is begun, the other lanes are cancelled, and nothing
is raised before all of them have ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from itertools import chain, islice
from typing import Final, Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

BURST: Final = 64
"""Items after which other tasks get their turn, should the worker never wait."""


async def map_concurrent(
    items: Iterable[T], worker: Callable[[T], Awaitable[R]], *, max_concurrency: int = 8
) -> list[R]:
    """Return the result of `worker` for every item, in the order of the items.

    At most `max_concurrency` workers (at least one) run at a time; items are drawn when a worker is
    free. The first exception ends everything and is raised itself. Cancelling the call cancels the
    workers. Either way all workers have ended when it returns.
    """
    lanes = _Lanes(enumerate(items), worker)
    return await lanes.run(max(1, max_concurrency))


class _Lanes(Generic[T, R]):
    """Owns the tasks of one call."""

    def __init__(self, numbered: Iterable[tuple[int, T]], worker: Callable[[T], Awaitable[R]]) -> None:
        self._numbered = iter(numbered)
        self._worker = worker
        self._results: dict[int, R] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._failure: BaseException | None = None

    async def run(self, limit: int) -> list[R]:
        # Drawing what the lanes would draw at once tells how many lanes there is work for.
        for first in list(islice(self._numbered, limit)):
            if self._failure is not None:  # eager tasks may have failed already
                break
            self._tasks.append(asyncio.create_task(self._lane(first)))
        interruption = await self._all_ended()
        if interruption is not None:
            raise interruption
        if self._failure is not None:
            raise self._failure
        return [self._results[index] for index in range(len(self._results))]

    async def _lane(self, first: tuple[int, T]) -> None:
        try:
            for index, item in chain((first,), self._numbered):
                self._results[index] = await self._worker(item)
                if self._failure is not None:
                    return  # the worker swallowed its cancellation; begin nothing new
                if index % BURST == BURST - 1:
                    await asyncio.sleep(0)
        except BaseException as problem:  # noqa: BLE001 - `run` raises it, once every lane has ended
            self._end(problem)

    async def _all_ended(self) -> asyncio.CancelledError | None:
        """Wait for all lanes, whatever happens; return the cancellation of the caller, if it came."""
        interruption: asyncio.CancelledError | None = None
        while running := [task for task in self._tasks if not task.done()]:
            try:
                await asyncio.wait(running)
            except asyncio.CancelledError as cancelled:
                interruption = cancelled
                self._end(cancelled)
        return interruption

    def _end(self, problem: BaseException) -> None:
        if self._failure is not None:
            return  # one of the lanes that are being cancelled
        self._failure = problem
        for task in self._tasks:
            task.cancel()
