"""The task of a worker, which can tell who cancels it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class WorkerTask(asyncio.Task[None]):
    """Knows whether it was cancelled while its event loop stood still, because the program ends.

    A node may leave its task cancelled without meaning it: before Python 3.13 `asyncio.TaskGroup` does
    when a child fails. What `asyncio.run` does at its end looks the same, but no loop runs then.
    """

    __slots__ = ("program_ends",)

    def __init__(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        super().__init__(work, loop=asyncio.get_running_loop(), name=name)
        self.program_ends = False

    def cancel(self, msg: object = None) -> bool:
        """Cancel the task; see `asyncio.Task.cancel`."""
        if not self.get_loop().is_running():
            self.program_ends = True
        return super().cancel(msg)
