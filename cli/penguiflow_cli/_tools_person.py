"""The person at the terminal: asked on stderr, answering on stdin, one line each.

Waiting for a line does not block the event loop, so that Ctrl+C and a server that dies are noticed at once.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Protocol, TextIO

from penguiflow.redaction import redact_text
from penguiflow.safe_text import safe_line

_LINE_CHARS = 2_000


class Person(Protocol):
    """Somebody who may be asked."""

    @property
    def is_there(self) -> bool:
        """Whether anybody would read a question."""
        ...

    def tell(self, text: str = "") -> None:
        """Show a line that belongs to a question."""
        ...

    async def ask(self, prompt: str, *, hidden: bool = False) -> str | None:
        """Return the line that was typed, `None` when there will be none; `hidden` shows nothing of it."""
        ...


async def agrees(person: Person, question: str) -> bool:
    """Ask for a yes; everything else is a no."""
    answer = await person.ask(f"{question} [y/N] ")
    return (answer or "").strip().lower() in ("y", "yes")


class Nobody:
    """No one, for commands that never ask."""

    @property
    def is_there(self) -> bool:
        return False

    def tell(self, text: str = "") -> None:
        return

    async def ask(self, prompt: str, *, hidden: bool = False) -> str | None:
        return None


class Terminal:
    """The person at our own stdin and stderr, if both are a terminal."""

    def __init__(self, stdin: TextIO | None, stderr: TextIO | None) -> None:
        self._stdin = stdin
        self._stderr = stderr

    @classmethod
    def of_this_process(cls) -> Terminal:
        """Return the terminal whatever `sys.stderr` is replaced by meanwhile."""
        return cls(sys.__stdin__, sys.__stderr__)

    @property
    def is_there(self) -> bool:
        try:
            return (
                self._stdin is not None
                and self._stderr is not None
                and self._stdin.isatty()
                and self._stderr.isatty()
            )
        except ValueError:  # closed
            return False

    def tell(self, text: str = "") -> None:
        self._write(text + "\n")

    async def ask(self, prompt: str, *, hidden: bool = False) -> str | None:
        if not self.is_there or self._stdin is None:
            return None
        self._write(prompt)
        with _without_echo(self._stdin) if hidden else _as_it_is():
            line = await _line_of(self._stdin)
        if hidden or not line:
            self._write("\n")
        return line.rstrip("\r\n") if line else None

    def _write(self, text: str) -> None:
        if self._stderr is None:
            return
        body, newline = (text[:-1], "\n") if text.endswith("\n") else (text, "")
        self._stderr.write(safe_line(redact_text(body), max_chars=_LINE_CHARS) + newline)
        self._stderr.flush()


async def _line_of(stream: TextIO) -> str:
    """Return the next line of a terminal, which hands out whole lines; empty at its end."""
    loop = asyncio.get_running_loop()
    line_came = asyncio.Event()
    descriptor = stream.fileno()
    try:
        loop.add_reader(descriptor, line_came.set)
    except NotImplementedError:  # the event loop of Windows
        return await asyncio.to_thread(stream.readline)
    try:
        await line_came.wait()
    finally:
        loop.remove_reader(descriptor)
    return stream.readline()


@contextmanager
def _as_it_is() -> Generator[None]:
    yield


@contextmanager
def _without_echo(stream: TextIO) -> Generator[None]:
    """Let the terminal show nothing of what is typed, and afterwards again."""
    try:
        import termios  # noqa: PLC0415 - not on Windows
    except ImportError:
        yield
        return
    descriptor = stream.fileno()
    before = termios.tcgetattr(descriptor)
    silent = [*before]
    silent[3] = before[3] & ~termios.ECHO
    termios.tcsetattr(descriptor, termios.TCSADRAIN, silent)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
