"""The process of a stdio server: started without a shell, watched, and ended together with its children.

Its stderr never reaches the terminal; the last lines are kept to explain a failure. Its process group is
killed the moment the leader is gone, so a launcher such as `npx` leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from penguiflow.safe_text import SafeText, safe_line

MAX_MESSAGE_BYTES: Final = 16 * 1024 * 1024
"""A longer line on stdout ends the connection; it would otherwise be held in memory whole."""

_KEPT_LINES: Final = 20
_KEPT_CHARS: Final = 500
_KEPT_BYTES: Final = 4 * _KEPT_CHARS
_LEAVING_S: Final = 0.5
_EXIT_GRACE_S: Final = 1.0
_SIGTERM_GRACE_S: Final = 0.5
_REAP_S: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerCommand:
    """What to run: the exact arguments, the whole environment, the folder."""

    arguments: Sequence[str] = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    cwd: str | None = None


class LastLines:
    """The last few lines of a byte stream, each cut; shown without control characters."""

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque(maxlen=_KEPT_LINES)
        self._unfinished = b""

    def feed(self, chunk: bytes) -> None:
        *complete, rest = (self._unfinished + chunk).split(b"\n")
        # In a flood only the lines that can still be seen afterwards are worth a look.
        self._lines.extend(line[:_KEPT_BYTES] for line in complete[-_KEPT_LINES:] if line.strip())
        self._unfinished = rest[:_KEPT_BYTES]

    def lines(self) -> Sequence[SafeText]:
        unfinished = [self._unfinished] if self._unfinished.strip() else []
        return [_safe(line) for line in [*self._lines, *unfinished][-_KEPT_LINES:]]


def _safe(line: bytes) -> SafeText:
    return safe_line(line.decode("utf-8", "replace").rstrip(), max_chars=_KEPT_CHARS)


class ServerOutput:
    """What a server process leaves to explain a failure: its last lines, and how it left by itself."""

    def __init__(self) -> None:
        self.last_lines = LastLines()
        self.exit_code: int | None = None


class ServerProcess(asyncio.SubprocessProtocol):
    """A running server with its two pipes. Made by `running_server`, which also ends it."""

    def __init__(self, output: ServerOutput) -> None:
        loop = asyncio.get_running_loop()
        self.stdout = asyncio.StreamReader(limit=MAX_MESSAGE_BYTES, loop=loop)
        self.output = output
        self._ended: asyncio.Future[None] = loop.create_future()
        self._exited: asyncio.Future[None] = loop.create_future()
        self._writable = asyncio.Event()
        self._writable.set()
        self._was_told_to_leave = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)  # typed as its base by asyncio
        stdout = self._transport.get_pipe_transport(1)
        if stdout is not None:
            self.stdout.set_transport(stdout)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            self.stdout.feed_data(data)
        else:
            self.output.last_lines.feed(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 0:
            self._writable.set()
            self.output_ended()  # a server that cannot be asked has nothing more to say
        elif fd == 1:
            self.stdout.feed_eof()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def process_exited(self) -> None:
        # At once: later the number of the group could belong to somebody else.
        self._kill_group()
        if not self._was_told_to_leave:
            self.output.exit_code = self._transport.get_returncode()
        if not self._exited.done():
            self._exited.set_result(None)
        self.output_ended()

    @property
    def pid(self) -> int:
        return self._transport.get_pid()

    def on_ended(self, listener: Callable[[], None]) -> None:
        """Call `listener` once, when no more messages can come."""
        self._ended.add_done_callback(lambda _: listener())

    def output_ended(self) -> None:
        """Note that no more messages can come, although the process may still be there."""
        if not self._ended.done():
            self._ended.set_result(None)

    async def write(self, data: bytes) -> None:
        """Write to its stdin; waits while the pipe is full.

        Raises:
            ConnectionError: the process or its stdin is gone.
        """
        await self._writable.wait()  # else what a process does not read would pile up here
        self.write_nowait(data)
        await self._writable.wait()

    def write_nowait(self, data: bytes) -> None:
        """As `write`, for something small that nobody wants to wait for."""
        stdin = cast("asyncio.WriteTransport | None", self._transport.get_pipe_transport(0))  # 0 is writable
        if stdin is None or stdin.is_closing() or self._exited.done():
            self.output_ended()
            raise ConnectionResetError("the server closed its standard input")
        stdin.write(data)

    async def end(self, *, exit_grace_s: float) -> None:
        """Close stdin, give it time to leave, then SIGTERM, then SIGKILL, for the whole group.

        Nothing survives this, also not when the caller is cancelled while waiting.
        """
        try:
            stdin = self._transport.get_pipe_transport(0)
            if stdin is not None:
                stdin.close()
            # When a pipe ended, the exit usually follows at once, and its code explains a failure.
            if not await self._exits_within(max(exit_grace_s, _LEAVING_S if self._ended.done() else 0.0)):
                self._was_told_to_leave = True
                self._terminate_group()
                await self._exits_within(_SIGTERM_GRACE_S)
        finally:
            try:
                if not self._exited.done():
                    self._kill_group()
                    await self._exits_within(_REAP_S)
            finally:
                self._transport.close()

    async def _exits_within(self, seconds: float) -> bool:
        if seconds > 0:
            await asyncio.wait({self._exited}, timeout=seconds)
        return self._exited.done()

    def _terminate_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                self._transport.terminate()
            else:
                os.killpg(self.pid, signal.SIGTERM)

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                self._transport.kill()
            else:
                os.killpg(self.pid, signal.SIGKILL)


@contextlib.asynccontextmanager
async def running_server(command: ServerCommand, output: ServerOutput) -> AsyncGenerator[ServerProcess, None]:
    """Start the command; on the way out end it, without patience if the body failed.

    Raises:
        OSError: the command cannot be started.
    """
    loop = asyncio.get_running_loop()
    _, process = await loop.subprocess_exec(
        lambda: ServerProcess(output),
        *command.arguments,
        env=dict(command.environment),
        cwd=command.cwd,
        start_new_session=True,
    )
    exit_grace_s = 0.0
    try:
        yield process
        exit_grace_s = _EXIT_GRACE_S
    finally:
        await process.end(exit_grace_s=exit_grace_s)
