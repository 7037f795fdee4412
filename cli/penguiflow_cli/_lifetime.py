"""How a command lives and ends: one event loop, and the same orderly end for every way of being stopped.

Ctrl+C, SIGTERM and a closed terminal cancel the command's task, so that runs are recorded as interrupted
and child processes are gone before the process is. A second SIGTERM breaks into code that blocks the loop,
as a second Ctrl+C does.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeAlias

from penguiflow.redaction import remember_credentials
from penguiflow_cli._errors import Messages, end_with
from penguiflow_cli.exit_codes import ExitCode
from penguiflow_cli.project import Project

# The two Any are what a coroutine yields and is sent, which only the event loop knows.
CommandBody: TypeAlias = Callable[[], Coroutine[Any, Any, ExitCode]]

_STOP_SIGNALS = tuple(
    signal.Signals[name] for name in ("SIGTERM", "SIGHUP") if name in signal.Signals.__members__
)


def run_command(body: CommandBody, project: Project) -> ExitCode:
    """Run the command to its end; whatever ends it becomes a message and an exit code."""
    remember_credentials(os.environ)
    try:
        return asyncio.run(_run_until_stopped(body))
    except (KeyboardInterrupt, asyncio.CancelledError):
        Messages().interrupted()
        return ExitCode.INTERRUPTED
    except Exception as exc:  # noqa: BLE001 - the last boundary of a command
        return end_with(exc, project)


async def _run_until_stopped(body: CommandBody) -> ExitCode:
    task = asyncio.current_task()
    assert task is not None  # a coroutine run by asyncio has a task
    with _cancelled_by_signals(asyncio.get_running_loop(), task):
        return await body()


@contextmanager
def _cancelled_by_signals(loop: asyncio.AbstractEventLoop, task: asyncio.Task[ExitCode]) -> Generator[None]:
    signals_seen = 0

    def stop(_number: int, _frame: FrameType | None) -> None:
        nonlocal signals_seen
        signals_seen += 1
        if signals_seen > 1:
            raise KeyboardInterrupt
        loop.call_soon_threadsafe(task.cancel)

    before = {number: signal.signal(number, stop) for number in _STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
