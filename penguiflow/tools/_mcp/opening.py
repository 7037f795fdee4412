"""FastMCP's client behind the `ToolSession` port: over a server process, or over HTTP.

Importing this module loads FastMCP, which takes about a second: only `_connecting.backend` does it, and
in a thread.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from typing import Any, Final, TypeVar

from fastmcp.client import Client
from fastmcp.client.logging import LogMessage
from fastmcp.client.transports import ClientTransport
from mcp import ClientSession, MCPError
from mcp_types import CallToolResult, Implementation
from pydantic import ValidationError

from penguiflow._version import __version__
from penguiflow.tools._connecting.process import ServerProcess
from penguiflow.tools._connecting.session import RemoteResult, RemoteTool, ServerUrl, ToolSession
from penguiflow.tools._mcp.http import UrlTransport
from penguiflow.tools._mcp.refusals import refusal_status
from penguiflow.tools._mcp.stdio import PipeTransport
from penguiflow.tools._mcp.updates import ServerUpdates
from penguiflow.tools._mcp.values import (
    Ended,
    ExactUri,
    remote_result,
    remote_tool,
    resource_contents,
    resource_info,
    resource_template,
)
from penguiflow.tools._resources.values import ResourceContents, ResourceInfo, ResourceTemplateInfo
from penguiflow.tools.adapters import adapt_exception
from penguiflow.tools.errors import ToolNodeError

_NO_TIMEOUT: Final = 0

AnswerT = TypeVar("AnswerT")


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
    updates = ServerUpdates()
    async with _client(PipeTransport(process, _TrustingSession), updates) as client:
        ended = Ended()
        process.on_ended(ended.tell)
        try:
            yield _Session(client, updates, ended)
        finally:
            await updates.aclose()


@contextlib.asynccontextmanager
async def open_url(server: ServerUrl) -> AsyncGenerator[ToolSession, None]:
    """Connect to an MCP server over HTTP.

    Raises:
        ToolNodeError: the server refused; carries the HTTP status. Other exceptions: it was not reached.
    """
    updates, ended = ServerUpdates(), Ended()
    async with contextlib.AsyncExitStack() as stack:
        with refusal_status() as status:
            try:
                client = await stack.enter_async_context(
                    _client(UrlTransport(server, _TrustingSession, ended), updates)
                )
            except Exception as error:
                if (better := status.explain(error)) is None:
                    raise
                raise better from error
        stack.push_async_callback(updates.aclose)
        yield _Session(client, updates, ended, leaves_refusals_unanswered=server.sse)


def _client(transport: ClientTransport, updates: ServerUpdates) -> Client[ClientTransport]:
    return Client(
        transport,
        # The owner of the connection has one deadline over connecting and discovery.
        init_timeout=_NO_TIMEOUT,
        log_handler=_ignore_log,
        message_handler=updates.receive,
        client_info=Implementation(name="penguiflow", version=__version__),
        cache=False,  # what may be kept is decided above, where it is seen what changed
    )


async def _ignore_log(message: LogMessage) -> None:
    """Log messages of a server belong to no call; FastMCP would print them."""


class _Session:
    """Satisfies `ToolSession` and `ResourceSession`."""

    def __init__(
        self,
        client: Client[ClientTransport],
        updates: ServerUpdates,
        ended: Ended,
        *,
        leaves_refusals_unanswered: bool = False,
    ) -> None:
        self._client = client
        self._updates = updates
        self._leaves_refusals_unanswered = leaves_refusals_unanswered
        self._ended = ended

    @property
    def server(self) -> str | None:
        info = self._client.server_info
        return f"{info.name} {info.version}".strip() or None if info else None

    @property
    def protocol_version(self) -> str | None:
        return self._client.protocol_version

    async def list_tools(self) -> Sequence[RemoteTool]:
        return [remote_tool(tool) for tool in await self._answer(self._client.list_tools(), connecting=True)]

    async def call_tool(self, name: str, arguments: Mapping[str, object]) -> RemoteResult:
        return remote_result(await self._answer(self._client.call_tool_mcp(name, dict(arguments))))

    def on_ended(self, listener: Callable[[], None]) -> None:
        self._ended.on_ended(listener)

    def on_tools_changed(self, listener: Callable[[], None]) -> None:
        self._updates.on_tools_changed(self._client.session, listener)

    @property
    def resources_supported(self) -> bool:
        capabilities = self._client.server_capabilities
        return capabilities is not None and capabilities.resources is not None

    async def list_resources(self) -> Sequence[ResourceInfo]:
        return [resource_info(found) for found in await self._answer(self._client.list_resources())]

    async def list_resource_templates(self) -> Sequence[ResourceTemplateInfo]:
        found = await self._answer(self._client.list_resource_templates())
        return [resource_template(template) for template in found]

    async def read_resource(self, uri: str) -> Sequence[ResourceContents]:
        result = await self._answer(self._client.read_resource_mcp(ExactUri(uri)))
        return [resource_contents(part) for part in result.contents]

    async def subscribe_resource(self, uri: str) -> None:
        await self._answer(self._updates.subscribe(self._client.session, uri))

    async def unsubscribe_resource(self, uri: str) -> None:
        await self._answer(self._updates.unsubscribe(self._client.session, uri))

    def on_resource_updated(self, listener: Callable[[str], None]) -> None:
        self._updates.on_resource_updated(listener)

    async def _answer(self, request: Coroutine[Any, Any, AnswerT], *, connecting: bool = False) -> AnswerT:
        """Await an answer; while connecting, an error says what happened and its reader what that means."""
        with refusal_status() as status:
            try:
                if self._leaves_refusals_unanswered:
                    return await status.answer_or_refusal(request)
                return await request
            except (MCPError, ValidationError) as error:
                explained = status.explain(error) or error
                if connecting:
                    raise explained  # noqa: B904 it may be `error` itself
                raise adapt_exception(explained, "MCP") from error
            except ToolNodeError as error:
                if self._leaves_refusals_unanswered and error.status_code is not None:
                    self._ended.tell()  # the older transport sends nothing more after a refusal
                raise
