"""Brings events to the store without making the run wait for it.

One task writes what has gathered in one batch. When the store fails, the events stay and are written with
the next batch, up to a bound; the owner hears when the trouble begins, and when it is over what was lost.
While the store works nothing is ever given up, however far it lags behind.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from penguiflow.sessions.contents import RawContent
from penguiflow.state.contents import Content
from penguiflow.state.errors import HistoryConflictError, StoreError
from penguiflow.state.events import RunEvent
from penguiflow.state.protocol import HistoryStore

MAX_WAITING_EVENTS = 20_000
MAX_WAITING_CONTENT_CHARS = 64_000_000
_MAX_BATCH = 1_000
_FIRST_RETRY_S = 0.5
_LAST_RETRY_S = 30.0

OnTrouble: TypeAlias = Callable[[StoreError | None, int], None]
"""Called with the error when writing begins to fail; with `None`, and how many events were given up in the
meantime, when it works again."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """An event, and the large texts that must not be missing when it is there."""

    event: RunEvent
    contents: tuple[RawContent, ...] = ()

    @property
    def content_chars(self) -> int:
        return sum(content.chars for content in self.contents)


class HistoryWriter:
    """Owns the writing task; `start` it, and `aclose` it in the end."""

    def __init__(self, store: HistoryStore, on_trouble: OnTrouble) -> None:
        self._store = store
        self._on_trouble = on_trouble
        self._waiting: deque[_Entry] = deque()
        self._waiting_content_chars = 0
        self._given_up = 0
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

    def add(self, event: RunEvent, contents: Sequence[RawContent] = ()) -> None:
        """Have the event written soon. Over the bounds of a failing store the oldest one is given up."""
        if event.run_id in self._lost_runs:
            return
        entry = _Entry(event, tuple(contents))
        self._waiting.append(entry)
        self._waiting_content_chars += entry.content_chars
        while self._trouble is not None and self._is_over_bounds():
            self._waiting_content_chars -= self._waiting.popleft().content_chars
            self._given_up += 1
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
            await self._append([_Entry(event)])

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

    def _is_over_bounds(self) -> bool:
        too_many = len(self._waiting) > MAX_WAITING_EVENTS
        return too_many or self._waiting_content_chars > MAX_WAITING_CONTENT_CHARS

    async def _write_when_woken(self) -> None:
        retry_s = _FIRST_RETRY_S
        while True:
            await self._wait_for_work(retry_s if self._trouble is not None else None)
            # The owner has heard of a failure; the events stay and are tried again.
            with contextlib.suppress(StoreError):
                await self.flush()
            retry_s = _FIRST_RETRY_S if self._trouble is None else min(retry_s * 2, _LAST_RETRY_S)

    async def _wait_for_work(self, timeout_s: float | None) -> None:
        """Wait for the next event; while the store fails also try again without one."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._wake.wait()
        self._wake.clear()

    async def _write_next_batch(self) -> None:
        batch = [self._waiting.popleft() for _ in range(min(_MAX_BATCH, len(self._waiting)))]
        try:
            await self._append(batch)
        except HistoryConflictError as conflict:
            # Retrying can never succeed, the run's place is taken; the other runs go on.
            self._lost_runs.add(conflict.run_id)
            self._waiting.extendleft(reversed(batch))
            self._waiting = deque(each for each in self._waiting if each.event.run_id != conflict.run_id)
            self._waiting_content_chars = sum(each.content_chars for each in self._waiting)
            self._on_trouble(conflict, 0)
        except BaseException as error:  # also when cancelled: what may be unwritten stays, twice does no harm
            self._waiting.extendleft(reversed(batch))
            if isinstance(error, StoreError):
                self._note(error)
            raise
        else:
            self._waiting_content_chars -= sum(each.content_chars for each in batch)
            self._note(None)

    async def _append(self, batch: Sequence[_Entry]) -> None:
        try:
            await self._store.append_events([each.event for each in batch], await _stored_contents(batch))
        except StoreError:
            raise
        except Exception as exc:  # a store is foreign code; its errors get their name here
            raise StoreError(f"the history store failed: `{type(exc).__name__}`: {exc}") from exc

    def _note(self, trouble: StoreError | None) -> None:
        before, self._trouble = self._trouble, trouble
        if (before is None) != (trouble is None):
            given_up, self._given_up = self._given_up, 0
            self._on_trouble(trouble, given_up)


async def _stored_contents(batch: Sequence[_Entry]) -> Sequence[Content]:
    raw = [(each.event.session_id, content) for each in batch for content in each.contents]
    if not raw:
        return ()
    # Looking for secrets in a large text takes a while; the event loop must not wait for it.
    return await asyncio.to_thread(lambda: [content.content(session_id) for session_id, content in raw])
