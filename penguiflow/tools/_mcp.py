"""FastMCP's client behind the `ToolSession` port: over a server process, or over HTTP.

Importing this module loads FastMCP, which takes about a second: only `_backend` does it, in a thread.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Final

from fastmcp.client import Client
from fastmcp.client.logging import LogMessage
from fastmcp.client.transports import ClientTransport
from mcp import ClientSession, MCPError
from mcp_types import CallToolResult, Implementation, Tool

from penguiflow._version import __version__
from penguiflow.tools._mcp_http import refusal_status, server_sent_events, streamable_http
from penguiflow.tools._mcp_stdio import PipeTransport
from penguiflow.tools._process import ServerProcess
from penguiflow.tools._results import text_of_error, value_of_reply
from penguiflow.tools._session import RemoteResult, RemoteTool, ServerUrl, ToolSession

_NO_TIMEOUT: Final = 0


class _TrustingSession(ClientSession):
    """Leaves results unchecked: a hostile output schema could otherwise block the event loop for long."""

    async def validate_tool_result(self, name: str, result: CallToolResult) -> None:
        return None


@contextlib.asynccontextmanager
async def open_pipes(process: ServerProcess) -> AsyncGenerator[ToolSession, None]:
    """Connect to an MCP server over the pipes of its process, which is left to its owner.

    Raises:
        Exception: of any class; the handshake failed.
    """
    async with _client(PipeTransport(process, _TrustingSession)) as client:
        yield _Session(client, process)


@contextlib.asynccontextmanager
async def open_url(server: ServerUrl) -> AsyncGenerator[ToolSession, None]:
    """Connect to an MCP server over HTTP.

    Raises:
        ToolNodeError: the server refused; carries the HTTP status. Other exceptions: it was not reached.
    """
    transport = server_sent_events if server.sse else streamable_http
    async with contextlib.AsyncExitStack() as stack:
        with refusal_status() as status:
            try:
                client = await stack.enter_async_context(
                    _client(transport(server.url, dict(server.headers), _TrustingSession))
                )
            except MCPError as error:
                raise status.explain(error) from error
        yield _Session(client, None)


def _client(transport: ClientTransport) -> Client[ClientTransport]:
    return Client(
        transport,
        # The owner of the connection has one deadline over connecting and discovery.
        init_timeout=_NO_TIMEOUT,
        log_handler=_ignore_log,
        client_info=Implementation(name="penguiflow", version=__version__),
    )


async def _ignore_log(message: LogMessage) -> None:
    """Log messages of a server belong to no call; FastMCP would print them."""


class _Session:
    """Satisfies `ToolSession`."""

    def __init__(self, client: Client[ClientTransport], process: ServerProcess | None) -> None:
        self._client = client
        self._process = process

    @property
    def server(self) -> str | None:
        info = self._client.server_info
        return f"{info.name} {info.version}".strip() or None if info else None

    @property
    def protocol_version(self) -> str | None:
        return self._client.protocol_version

    async def list_tools(self) -> Sequence[RemoteTool]:
        return [_remote_tool(tool) for tool in await self._client.list_tools()]

    async def call_tool(self, name: str, arguments: Mapping[str, object]) -> RemoteResult:
        with refusal_status() as status:
            try:
                reply = await self._client.call_tool_mcp(name, dict(arguments))
            except MCPError as error:
                raise status.explain(error) from error
        blocks = [block.model_dump(mode="json", by_alias=True, exclude_none=True) for block in reply.content]
        if reply.is_error:
            return RemoteResult(value=text_of_error(blocks), is_error=True)
        return RemoteResult(value=value_of_reply(reply.structured_content, blocks))

    def on_ended(self, listener: Callable[[], None]) -> None:
        if self._process is not None:
            self._process.on_ended(listener)


def _remote_tool(tool: Tool) -> RemoteTool:
    hints = tool.annotations
    return RemoteTool(
        name=tool.name,
        description=tool.description or "",
        input_schema=tool.input_schema,
        read_only=hints.read_only_hint if hints else None,
        destructive=hints.destructive_hint if hints else None,
        idempotent=hints.idempotent_hint if hints else None,
    )
