"""MCP messages over the pipes of a server process, as FastMCP's client wants them.

The process is not ended here: its owner does that, whatever happens to the session. Lines that are no
message (a server that prints) are kept with the last lines of stderr and otherwise ignored.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import Final, Self, Unpack

from fastmcp.client.transports import ClientTransport
from fastmcp.client.transports.base import SessionKwargs, TransportOptions
from mcp import ClientSession
from mcp.shared._stream_protocols import ReadStream
from mcp.shared.message import SessionMessage
from mcp_types import (
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCResponse,
    jsonrpc_message_adapter,
)

from penguiflow.tools._connecting.process import MAX_MESSAGE_BYTES, ServerProcess
from penguiflow.tools._mcp.values import tells_of_giving_up

_LINES_AT_ONCE: Final = 50
_MAX_LINES_WITHOUT_ANSWER: Final = 200_000
"""A server that writes more would keep the event loop busy for nothing, as long as it is connected."""


class _Incoming:
    """The messages a server writes; satisfies the read stream of the MCP session."""

    def __init__(self, process: ServerProcess) -> None:
        self._process = process
        self._lines_without_answer = 0

    async def receive(self) -> SessionMessage | Exception:
        while True:
            self._lines_without_answer += 1
            if self._lines_without_answer % _LINES_AT_ONCE == 0:
                # Lines that are here already are read without waiting: a flood would hold up all else.
                await asyncio.sleep(0)
            message = _message(line := await self._next_line())
            if isinstance(message, (JSONRPCResponse, JSONRPCError)):
                self._lines_without_answer = 0
            if message is not None:
                return SessionMessage(message)
            self._keep(line)

    async def _next_line(self) -> bytes:
        try:
            if self._lines_without_answer <= _MAX_LINES_WITHOUT_ANSWER:
                return await self._process.stdout.readuntil(b"\n")
            self._keep(f"(it wrote {_MAX_LINES_WITHOUT_ANSWER} lines on stdout that answer nothing)".encode())
        except asyncio.IncompleteReadError as end:
            self._keep(end.partial)
        except asyncio.LimitOverrunError:
            self._keep(f"(a line on stdout was longer than {MAX_MESSAGE_BYTES // 1024**2} MiB)".encode())
        self._process.output_ended()
        raise StopAsyncIteration

    def _keep(self, line: bytes) -> None:
        self._process.output.last_lines.feed(line.rstrip() + b"\n")

    def __aiter__(self) -> ReadStream[SessionMessage | Exception]:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        return await self.receive()

    async def aclose(self) -> None:
        """Nothing to do: the pipe belongs to the process."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.aclose()


def _message(line: bytes) -> JSONRPCMessage | None:
    if not line.lstrip().startswith(b"{"):  # nothing else can be a message, and the parser is slow
        return None
    try:
        return jsonrpc_message_adapter.validate_json(line, by_name=False)
    except ValueError:
        return None


class _Outgoing:
    """The messages a server reads; satisfies the write stream of the MCP session."""

    def __init__(self, process: ServerProcess) -> None:
        self._process = process

    async def send(self, item: SessionMessage, /) -> None:
        message = item.message
        line = message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
        if tells_of_giving_up(message):
            self._process.write_nowait(line)
        else:
            await self._process.write(line)

    async def aclose(self) -> None:
        """Nothing to do: the pipe belongs to the process."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.aclose()


class PipeTransport(ClientTransport):
    """Joins a FastMCP client to a server process that already runs."""

    def __init__(self, process: ServerProcess, session_class: type[ClientSession]) -> None:
        self._process = process
        self._session_class = session_class

    @contextlib.asynccontextmanager
    async def connect_session(
        self, *, transport_options: TransportOptions | None = None, **session_kwargs: Unpack[SessionKwargs]
    ) -> AsyncGenerator[ClientSession, None]:
        incoming, outgoing = _Incoming(self._process), _Outgoing(self._process)
        async with self._session_class(incoming, outgoing, **session_kwargs) as session:
            yield session
