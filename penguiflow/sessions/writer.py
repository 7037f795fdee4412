"""Brings events to the store without making the run wait for it.

One task writes what has gathered in one batch. When the store fails, the events stay and are written with
the next batch, up to a bound; the owner hears when the trouble begins and when it is over. While the store
works nothing is ever given up, however far it lags behind.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeAlias

from penguiflow.state.errors import HistoryConflictError, StoreError
from penguiflow.state.events import RunEvent
from penguiflow.state.protocol import HistoryStore

MAX_WAITING_EVENTS = 20_000
_MAX_BATCH = 1_000

OnTrouble: TypeAlias = Callable[[StoreError | None], None]
"""Called with the error when writing begins to fail, with `None` when it works again."""


class HistoryWriter:
    """Owns the writing task; `start` it, and `aclose` it in the end."""

    def __init__(self, store: HistoryStore, on_trouble: OnTrouble) -> None:
        self._store = store
        self._on_trouble = on_trouble
        self._waiting: deque[RunEvent] = deque()
        self._lost_runs: set[str] = set()
        self._trouble: StoreError | None = None
        self._one_at_a_time = asyncio.Lock()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def trouble(self) -> StoreError | None:
        """Why events are not in the store now; `None` when all is well."""
        return self._trouble

    def start(self) -> None:
        """Begin to write; events added before are kept for this moment."""
        if self._task is None:
            self._task = asyncio.create_task(self._write_when_woken(), name="penguiflow-history-writer")
            self._wake.set()

    def add(self, event: RunEvent) -> None:
        """Have the event written soon. Over the bound of a failing store the oldest one is given up."""
        if event.run_id in self._lost_runs:
            return
        if self._trouble is not None and len(self._waiting) >= MAX_WAITING_EVENTS:
            self._waiting.popleft()
        self._waiting.append(event)
        self._wake.set()

    async def flush(self) -> None:
        """Write everything added so far.

        Raises:
            StoreError: it could not be written; it stays waiting.
        """
        async with self._one_at_a_time:
            while self._waiting:
                await self._write_next_batch()

    async def write_through(self, event: RunEvent) -> None:
        """Write everything added so far and then this event, which is not kept when it fails.

        Raises:
            StoreError: the event is not stored.
        """
        await self.flush()
        async with self._one_at_a_time:
            await self._append([event])

    async def aclose(self) -> None:
        """Write the rest and end the task. A writer that was never started has nothing worth keeping.

        Raises:
            StoreError: the rest could not be written.
        """
        if self._task is None:
            return
        task, self._task = self._task, None
        task.cancel()
        await asyncio.wait([task])
        await self.flush()

    async def _write_when_woken(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            # The owner has heard of a failure; the events stay and the next one wakes this task again.
            with contextlib.suppress(StoreError):
                await self.flush()

    async def _write_next_batch(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(_MAX_BATCH, len(self._waiting)))]
        try:
            await self._append(batch)
        except HistoryConflictError as conflict:
            # Retrying can never succeed, the run's place is taken; the other runs go on.
            self._lost_runs.add(conflict.run_id)
            self._waiting.extendleft(reversed(batch))
            self._waiting = deque(event for event in self._waiting if event.run_id != conflict.run_id)
            self._on_trouble(conflict)
        except BaseException as error:  # also when cancelled: what may be unwritten stays, twice does no harm
            self._waiting.extendleft(reversed(batch))
            if isinstance(error, StoreError):
                self._note(error)
            raise
        else:
            self._note(None)

    async def _append(self, events: Sequence[RunEvent]) -> None:
        try:
            await self._store.append_events(events)
        except StoreError:
            raise
        except Exception as exc:  # a store is foreign code; its errors get their name here
            raise StoreError(f"the history store failed: `{type(exc).__name__}`: {exc}") from exc

    def _note(self, trouble: StoreError | None) -> None:
        before, self._trouble = self._trouble, trouble
        if (before is None) != (trouble is None):
            self._on_trouble(trouble)
