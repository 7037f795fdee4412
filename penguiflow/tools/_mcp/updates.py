"""What an MCP server tells by itself: a resource changed, its tools changed. In both eras of the protocol.

Up to 2025-11-25 a client subscribes by a request and notifications come on the connection. Since 2026-07-28
a client keeps a request open whose answers are the notifications; a stream that ends is opened again. In
both the SDK hands the notifications to the message handler of the session, which is where they are taken.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeAlias

from mcp import ClientSession, MCPError
from mcp.client.subscriptions import listen
from mcp_types import (
    EmptyResult,
    ResourceUpdatedNotification,
    ServerNotification,
    SubscribeRequest,
    SubscribeRequestParams,
    SubscriptionFilter,
    ToolListChangedNotification,
    UnsubscribeRequest,
    UnsubscribeRequestParams,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS

from penguiflow.tools.errors import ToolClientError

_FIRST_PAUSE_S: Final = 0.5
_LAST_PAUSE_S: Final = 30.0
_TOOLS: Final = object()
"""The key of the stream about tools, beside those of resources, which are keyed by their URI."""

_StreamKey: TypeAlias = object


class ServerUpdates:
    """The listeners of one session, and the streams that are open for them. Closed by `aclose`."""

    def __init__(self) -> None:
        self._on_resource: list[Callable[[str], None]] = []
        self._on_tools: list[Callable[[], None]] = []
        self._streams: dict[_StreamKey, asyncio.Task[None]] = {}

    def on_resource_updated(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the URI of each resource that changed."""
        self._on_resource.append(listener)

    def on_tools_changed(self, session: ClientSession, listener: Callable[[], None]) -> None:
        """Call `listener` when the server says that its tools changed, if it does that at all."""
        self._on_tools.append(listener)
        tools = session.server_capabilities.tools if session.server_capabilities else None
        if tools is not None and tools.list_changed and _is_modern(session) and _TOOLS not in self._streams:
            stream = _Stream(session, uri=None, missed=self._tools_changed)
            self._streams[_TOOLS] = asyncio.create_task(stream.keep_open())

    async def receive(self, message: ServerNotification | Exception) -> None:
        """Take a message of the server that answers no request; most are of no interest."""
        match message:
            case ResourceUpdatedNotification():
                self._resource_updated(str(message.params.uri))
            case ToolListChangedNotification():
                self._tools_changed()
            case _:
                pass

    async def subscribe(self, session: ClientSession, uri: str) -> None:
        """Ask to be told when a resource changes.

        Raises:
            ToolClientError: the server does not do that.
            MCPError: the server refused.
        """
        if not _is_modern(session):
            request = SubscribeRequest(params=SubscribeRequestParams(uri=uri))
            await session.send_request(request, EmptyResult)
            return
        if uri in self._streams:
            return
        stream = _Stream(session, uri=uri, missed=lambda: self._resource_updated(uri))
        task = self._streams[uri] = asyncio.create_task(stream.keep_open())
        try:
            honored = await stream.acknowledged
            if not honored.resource_subscriptions:
                raise ToolClientError(
                    f"the server does not tell about changes of `{uri}`",
                    hint="read the resource again when you need it",
                )
        except BaseException:
            del self._streams[uri]
            await _end(task)
            raise

    async def unsubscribe(self, session: ClientSession, uri: str) -> None:
        if _is_modern(session):
            task = self._streams.pop(uri, None)
            if task is not None:
                await _end(task)
            return
        request = UnsubscribeRequest(params=UnsubscribeRequestParams(uri=uri))
        await session.send_request(request, EmptyResult)

    async def aclose(self) -> None:
        """End all streams."""
        tasks = list(self._streams.values())
        self._streams.clear()
        for task in tasks:
            await _end(task)

    def _resource_updated(self, uri: str) -> None:
        for listener in self._on_resource:
            listener(uri)

    def _tools_changed(self) -> None:
        for listener in self._on_tools:
            listener()


class _Stream:
    """One request that stays open: about the resource `uri`, or about the tools."""

    def __init__(self, session: ClientSession, *, uri: str | None, missed: Callable[[], None]) -> None:
        self._session = session
        self._uri = uri
        self._missed = missed
        self.acknowledged: asyncio.Future[SubscriptionFilter] = asyncio.get_running_loop().create_future()
        """What the server agreed to tell, or why it refused."""

    async def keep_open(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                await self._listen()
                pause_s = _FIRST_PAUSE_S
            except (MCPError, RuntimeError) as error:  # a lost stream is a RuntimeError of the SDK
                if not self.acknowledged.done():
                    self.acknowledged.set_exception(error)
                    self.acknowledged.exception()  # whoever waited may be gone
                    return
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LAST_PAUSE_S)

    async def _listen(self) -> None:
        uris = [self._uri] if self._uri is not None else []
        async with listen(
            self._session, tools_list_changed=self._uri is None, resource_subscriptions=uris
        ) as stream:
            if not self.acknowledged.done():
                self.acknowledged.set_result(stream.honored)
            else:
                self._missed()  # what happened while nobody listened is not told again
            async for _ in stream:
                """The event has gone to the message handler too."""


def _is_modern(session: ClientSession) -> bool:
    return session.protocol_version in MODERN_PROTOCOL_VERSIONS


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait({task})
