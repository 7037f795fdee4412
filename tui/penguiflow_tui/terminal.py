"""The terminal as the workbench found it: there must be one, and it gets it back whatever happens."""

from __future__ import annotations

import asyncio
import signal
import sys
import termios
from collections.abc import Callable, Generator
from contextlib import contextmanager

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_LEAVE_SCREEN = (
    "\x1b[?2004l"  # bracketed paste
    "\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1015l"  # mouse
    "\x1b[?1004l"  # focus reports
    "\x1b[<u"  # keyboard protocol
    "\x1b[?1049l\x1b[?25h\x1b[?7h"  # alternate screen, cursor, line wrap
)


class NoTerminalError(RuntimeError):
    """The workbench was started where nobody can see or answer it."""

    hint = "run it in a terminal, or use `penguiflow run` for pipes and scripts"


def require_terminal() -> None:
    """Check that a person sits at both ends.

    Textual reads the size from standard output and draws on standard error.

    Raises:
        NoTerminalError: a standard stream is a pipe, a file or closed.
    """
    streams = (("input", sys.__stdin__), ("output", sys.__stdout__), ("error", sys.__stderr__))
    for name, stream in streams:
        if stream is None or not stream.isatty():
            raise NoTerminalError(f"the workbench needs a terminal, but standard {name} is none")


def has_terminal() -> bool:
    """Tell whether a person sits at both ends."""
    try:
        require_terminal()
    except NoTerminalError:
        return False
    return True


@contextmanager
def exit_on_signals(leave: Callable[[int], None]) -> Generator[None]:
    """Inside the block, signals that end a process call `leave` with its exit code (128 + the number)."""
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, leave, 128 + number)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


@contextmanager
def restored_terminal() -> Generator[None]:
    """Give the terminal its settings back after the block, and leave the screen when the block failed.

    The driver does both when the application ends in order. Writing the sequences a second time would move
    the cursor, so they are written only after an exception.
    """
    descriptor = sys.__stdin__.fileno() if sys.__stdin__ is not None else -1
    settings = termios.tcgetattr(descriptor)
    try:
        yield
    except BaseException:
        if sys.__stderr__ is not None:
            sys.__stderr__.write(_LEAVE_SCREEN)
            sys.__stderr__.flush()
        raise
    finally:
        # A closed terminal (SIGHUP) has no settings to restore.
        if sys.__stdin__ is not None and sys.__stdin__.isatty():
            termios.tcsetattr(descriptor, termios.TCSANOW, settings)


@contextmanager
def kept_task_factory() -> Generator[None]:
    """Undo that Textual leaves an eager task factory on the loop (Python 3.12 and later)."""
    loop = asyncio.get_running_loop()
    factory = loop.get_task_factory()
    try:
        yield
    finally:
        loop.set_task_factory(factory)
