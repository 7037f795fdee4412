"""Runs one command to its end: without a shell, with bounded output, and with nothing left behind."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from penguiflow.safe_text import SafeText
from penguiflow.tools._connecting.process import LastLines
from penguiflow.tools.errors import ToolClientError

_PIPES_S: Final = 0.5
_REAP_S: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """The exact arguments, the whole environment, the folder."""

    arguments: Sequence[str] = field(repr=False)
    environment: Mapping[str, str] = field(repr=False)
    cwd: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandEnd:
    """How a command ended; `last_lines` is the end of its stderr. Killed by signal N: the code is -N."""

    exit_code: int
    stdout: bytes = field(repr=False)
    last_lines: Sequence[SafeText]


async def run_command(command: CommandLine, *, max_bytes: int) -> CommandEnd:
    """Run the command with nothing on its stdin and wait for its end.

    If the caller is cancelled, the command and everything it started are killed first.

    Raises:
        OSError: it cannot be started.
        ToolClientError: it printed more than `max_bytes`; it was killed.
    """
    loop = asyncio.get_running_loop()
    transport, run = await loop.subprocess_exec(
        lambda: _Run(max_bytes),
        *command.arguments,
        stdin=asyncio.subprocess.DEVNULL,
        env=dict(command.environment),
        cwd=command.cwd,
        start_new_session=True,
    )
    try:
        await asyncio.wait({run.exited})
        # A process of the group that left it may hold the pipes open for ever.
        await asyncio.wait({run.drained}, timeout=_PIPES_S)
    finally:
        try:
            if not run.exited.done():
                run.kill_group()
                await asyncio.wait({run.exited}, timeout=_REAP_S)
        finally:
            transport.close()
    if run.is_too_long:
        raise ToolClientError(
            f"the command printed more than {max_bytes} bytes",
            hint="have it print less, or raise `max_response_bytes` of the connection",
        )
    return CommandEnd(
        exit_code=transport.get_returncode() or 0, stdout=bytes(run.stdout), last_lines=run.stderr.lines()
    )


class _Run(asyncio.SubprocessProtocol):
    def __init__(self, max_bytes: int) -> None:
        loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[None] = loop.create_future()
        self.drained: asyncio.Future[None] = loop.create_future()
        self.stdout = bytearray()
        self.stderr = LastLines()
        self.is_too_long = False
        self._max_bytes = max_bytes

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)  # typed as its base by asyncio

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd != 1:
            self.stderr.feed(data)
        elif len(self.stdout) + len(data) > self._max_bytes:
            self.is_too_long = True
            self.kill_group()
        else:
            self.stdout += data

    def process_exited(self) -> None:
        # At once: later the number of the group could belong to somebody else.
        self.kill_group()
        if not self.exited.done():
            self.exited.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.drained.done():
            self.drained.set_result(None)

    def kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                self._transport.kill()
            else:
                os.killpg(self._transport.get_pid(), signal.SIGKILL)
