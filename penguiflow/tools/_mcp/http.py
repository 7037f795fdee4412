"""MCP over HTTP, both the current and the older transport, with bounded answers and headers that may change.

Redirects are followed by the SDK, and only within the origin of the URL: no header reaches another host.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from types import TracebackType
from typing import Final, Self, Unpack

import anyio
import httpx2
from fastmcp.client.transports import ClientTransport
from fastmcp.client.transports.base import SessionKwargs, TransportOptions
from mcp import ClientSession
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._stream_protocols import WriteStream
from mcp.shared.message import SessionMessage

from penguiflow.tools._connecting.process import MAX_MESSAGE_BYTES
from penguiflow.tools._connecting.session import ServerUrl
from penguiflow.tools._mcp.refusals import TOO_LARGE, note_refusal
from penguiflow.tools._mcp.values import Ended, tells_of_giving_up

_CONNECT_TIMEOUT_S: Final = 30.0
_READ_TIMEOUT_S: Final = 300.0
_GIVING_UP_S: Final = 0.2
_EVENT_STREAM: Final = "text/event-stream"


class UrlTransport(ClientTransport):
    """Joins a FastMCP client to a server behind a URL.

    FastMCP's own transports leave the size of a JSON answer open and limit an event to 1 MiB.
    """

    def __init__(self, server: ServerUrl, session_class: type[ClientSession], ended: Ended) -> None:
        self._server = server
        self._session_class = session_class
        self._ended = ended

    @contextlib.asynccontextmanager
    async def connect_session(
        self, *, transport_options: TransportOptions | None = None, **session_kwargs: Unpack[SessionKwargs]
    ) -> AsyncGenerator[ClientSession, None]:
        async with contextlib.AsyncExitStack() as stack:
            if self._server.sse:
                incoming, all_outgoing = await stack.enter_async_context(
                    sse_client(self._server.url, httpx_client_factory=self._client)
                )
                outgoing: WriteStream[SessionMessage] = _OneByOne(all_outgoing, self._ended)
            else:
                client = await stack.enter_async_context(self._client())
                incoming, outgoing = await stack.enter_async_context(
                    streamable_http_client(
                        self._server.url, http_client=client, max_sse_event_size=MAX_MESSAGE_BYTES
                    )
                )
            session = self._session_class(incoming, outgoing, **session_kwargs)
            yield await stack.enter_async_context(session)

    def _client(
        self,
        headers: dict[str, str] | None = None,
        timeout: httpx2.Timeout | None = None,
        auth: httpx2.Auth | None = None,
    ) -> httpx2.AsyncClient:
        """Make the client of one connection; the signature is that of the SDK's factories."""
        return httpx2.AsyncClient(
            # A compressed answer could be a thousand times larger than what its size says.
            headers={**(headers or {}), **self._server.headers, "accept-encoding": "identity"},
            timeout=timeout or httpx2.Timeout(_CONNECT_TIMEOUT_S, read=_READ_TIMEOUT_S),
            auth=auth,
            event_hooks={"request": [self._add_live_headers], "response": [_bound_answer, note_refusal]},
        )

    async def _add_live_headers(self, request: httpx2.Request) -> None:
        request.headers.update(dict(self._server.live_headers()))


class _OneByOne:
    """The messages of the older transport, whose SDK sends one when the one before was taken.

    A server that never takes one would hold up everything after it: the connection is over then.
    """

    def __init__(self, stream: WriteStream[SessionMessage], ended: Ended) -> None:
        self._stream = stream
        self._ended = ended

    async def send(self, item: SessionMessage, /) -> None:
        if not tells_of_giving_up(item.message):
            await self._stream.send(item)
            return
        with anyio.move_on_after(_GIVING_UP_S) as waiting:
            await self._stream.send(item)
        if waiting.cancelled_caught:
            self._ended.tell()

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.aclose()


class _AnswerTooLargeError(httpx2.StreamError):
    """Of a kind the SDK turns into the answer of the request it belongs to."""


class _BoundedStream(httpx2.AsyncByteStream):
    """The body of an answer, up to the size of the largest message."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MAX_MESSAGE_BYTES
        async for chunk in self._stream:
            left -= len(chunk)
            if left < 0:
                raise _AnswerTooLargeError(TOO_LARGE)
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _bound_answer(response: httpx2.Response) -> None:
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise httpx2.DecodingError("the server compressed its answer although that was not allowed")
    is_event_stream = response.headers.get("content-type", "").lower().startswith(_EVENT_STREAM)
    # The events of a stream are bounded one by one; a stream as a whole may stay open for days.
    if not is_event_stream and isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _BoundedStream(response.stream)
