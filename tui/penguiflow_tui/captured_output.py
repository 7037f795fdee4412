"""Whatever would scribble over the screen, caught: prints, logging, and writes of children and C libraries.

Three doors lead to the terminal. `sys.stdout` and `sys.stderr` are replaced by writers, `logging` gets a
handler, and descriptors 1 and 2 point to a file without a name while the screen keeps a private copy of the
terminal. A file, because a pipe that nobody empties in time blocks its writer, and the loop that blocks
would be the one that empties it.

The writers answer `fileno()` with a real descriptor: a subprocess that inherits `sys.stderr` writes into
the file and never into a closed or full pipe.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import tempfile
from collections import deque
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from typing import TypeAlias

from penguiflow.state.events import OutputStream

CapturedLine: TypeAlias = tuple[OutputStream, str]

_KEPT_LINES = 10_000
_READ_BYTES = 256 * 1024


class CapturedOutput:
    """Lines that were printed or logged since the last `drain`; older ones are dropped when too many wait."""

    def __init__(self) -> None:
        self._lines: deque[CapturedLine] = deque(maxlen=_KEPT_LINES)

    def add(self, stream: OutputStream, line: str) -> None:
        """Keep a line. Safe from any thread."""
        if line.strip():
            self._lines.append((stream, line))

    def drain(self) -> list[CapturedLine]:
        """Return what came since the last call, in order."""
        drained: list[CapturedLine] = []
        while self._lines:
            drained.append(self._lines.popleft())
        return drained


class LineWriter(io.TextIOBase):
    """A text stream whose complete lines go to a `CapturedOutput`."""

    def __init__(self, output: CapturedOutput, stream: OutputStream, descriptor: int) -> None:
        self._output = output
        self._stream: OutputStream = stream
        self._descriptor = descriptor
        self._rest = ""

    def write(self, text: str, /) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._output.add(self._stream, line)
        return len(text)

    def flush(self) -> None:
        rest, self._rest = self._rest, ""
        self._output.add(self._stream, rest)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor


class LogHandler(logging.Handler):
    """Puts log records into a `CapturedOutput`, with the traceback's last line instead of its frames."""

    def __init__(self, output: CapturedOutput) -> None:
        super().__init__()
        self._output = output

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = f"{record.levelname} {record.name}: {record.getMessage()}"
        except (TypeError, ValueError) as exc:
            line = f"{record.levelname} {record.name}: `{record.msg}` cannot be formatted: {exc}"
        if record.exc_info and record.exc_info[1] is not None:
            line = f"{line} ({type(record.exc_info[1]).__name__}: {record.exc_info[1]})"
        self._output.add("log", line)


def redirect_prints(output: CapturedOutput) -> None:
    """Send prints to `output`; putting the former streams back is the caller's business."""
    sys.stdout, sys.stderr = LineWriter(output, "stdout", 1), LineWriter(output, "stderr", 2)


@contextmanager
def capture_logging(output: CapturedOutput) -> Generator[None]:
    """Catch log records inside the block."""
    handler = LogHandler(output)
    logging.getLogger().addHandler(handler)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(handler)


@contextmanager
def capture_python_output(output: CapturedOutput) -> Generator[None]:
    """Catch prints and log records inside the block."""
    before = sys.stdout, sys.stderr
    with capture_logging(output):
        redirect_prints(output)
        try:
            yield
        finally:
            sys.stdout, sys.stderr = before


class DescriptorFile:
    """The file that stands behind descriptors 1 and 2."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._read_to = 0
        self._rest = b""

    def collect(self, output: CapturedOutput) -> None:
        """Move what was written since the last call into `output`; a cheap call when nothing was."""
        size = os.fstat(self._descriptor).st_size
        if size <= self._read_to:
            return
        start = max(self._read_to, size - _READ_BYTES)
        chunk = os.pread(self._descriptor, size - start, start)
        self._read_to = start + len(chunk)
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            output.add("stderr", line.decode("utf-8", "replace"))


@contextmanager
def guard_descriptors() -> Generator[DescriptorFile]:
    """Point descriptors 1 and 2 to a file; `sys.__stdout__` and `sys.__stderr__` keep the terminal.

    Textual draws on `sys.__stderr__` and asks `sys.__stdout__` for the size of the terminal.
    """
    with ExitStack() as stack:
        file = stack.enter_context(tempfile.TemporaryFile())
        for descriptor, stream in ((1, "__stdout__"), (2, "__stderr__")):
            terminal = os.dup(descriptor)
            stack.callback(os.close, terminal)
            screen = stack.enter_context(os.fdopen(os.dup(terminal), "w", encoding="utf-8"))
            stack.callback(setattr, sys, stream, getattr(sys, stream))
            stack.callback(os.dup2, terminal, descriptor)
            setattr(sys, stream, screen)
            # Both descriptors and every child share one offset, so nobody overwrites anybody.
            os.dup2(file.fileno(), descriptor)
        yield DescriptorFile(file.fileno())
