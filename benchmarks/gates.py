"""A closed door at which works wait and are counted, so that they are caught in the middle of it."""

from __future__ import annotations

import asyncio


class Gate:
    """Opens once; `full` tells when enough wait at it."""

    def __init__(self) -> None:
        self._door = asyncio.Event()
        self._waiting = 0
        self._wanted = 0
        self._enough = asyncio.Event()

    async def wait(self) -> None:
        """Wait until the door is open."""
        self._waiting += 1
        if self._waiting >= self._wanted > 0:
            self._enough.set()
        await self._door.wait()

    async def full(self, count: int) -> None:
        """Wait until so many have come."""
        self._wanted = count
        if self._waiting < count:
            await self._enough.wait()

    def open(self) -> None:
        """Let everybody through."""
        self._door.set()
