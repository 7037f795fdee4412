"""Work outside the workers that belongs to a run: it is cancelled and awaited when the flow stops."""

from __future__ import annotations

import asyncio
from typing import Any


class Errands:
    """Futures that somebody registered with the flow, whatever their results are."""

    __slots__ = ("_running",)

    def __init__(self) -> None:
        self._running: set[asyncio.Future[Any]] = set()

    def add(self, future: asyncio.Future[Any]) -> None:
        """Own the future until it is done."""
        self._running.add(future)
        future.add_done_callback(self._running.discard)

    async def aclose(self) -> None:
        """Cancel what runs and wait for it."""
        running = tuple(self._running)
        for future in running:
            future.cancel()
        await asyncio.gather(*running, return_exceptions=True)
