"""How a task is ended, and how it knows."""

from __future__ import annotations

import asyncio


async def end(task: asyncio.Task[None] | None, *, patience_s: float) -> None:
    """Wait for a task, cancel it when it takes too long, and return when it is done."""
    if task is None or task is asyncio.current_task():
        return
    try:
        await asyncio.wait((task,), timeout=patience_s)
    finally:
        task.cancel()
    await asyncio.wait((task,))


def is_being_cancelled() -> bool:
    """Return whether somebody cancelled this task; foreign code may also raise CancelledError by itself."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
