"""MCP over HTTP, with the status of a refused request kept: the SDK reduces it to "an error response".

A request is sent in a copy of the context of the call that caused it, so the status finds its call through
a context variable also when calls overlap.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Generator
from contextvars import ContextVar
from typing import Unpack

import httpx2
from fastmcp.client.transports import SSETransport, StreamableHttpTransport
from fastmcp.client.transports.base import SessionKwargs, TransportOptions
from mcp import ClientSession

from penguiflow.safe_text import safe_text
from penguiflow.tools.adapters import adapt_exception, error_of_status
from penguiflow.tools.errors import ErrorCategory, ToolConnectionError, ToolNodeError

_CONNECT_TIMEOUT_S = 30.0
_READ_TIMEOUT_S = 300.0
_NOT_FOUND = 404

# What the SDK says where the body of a refusal held no MCP error.
_SESSION_TERMINATED = "Session terminated"
_STAND_INS = frozenset({"Server returned an error response", "Not Found", _SESSION_TERMINATED})


class RefusalStatus:
    """The HTTP status of the last refused request of one call."""

    def __init__(self) -> None:
        self.code: int | None = None

    def explain(self, error: Exception) -> ToolNodeError:
        """Return the error by status when a request was refused, else by what `error` says.

        A session the server forgot is a broken connection: the request was not looked at.
        """
        if self.code is None:
            return adapt_exception(error, "MCP")
        text = str(error)
        if self.code == _NOT_FOUND and text == _SESSION_TERMINATED:
            return ToolConnectionError(
                "the MCP server no longer knows this session",
                status_code=self.code,
                category=ErrorCategory.NETWORK,
                cause=error,
            )
        if text in _STAND_INS:
            text = "the MCP server refused the request"
        return error_of_status(self.code, f"{safe_text(text)} (HTTP status {self.code})", cause=error)


_current: ContextVar[RefusalStatus | None] = ContextVar("penguiflow_mcp_refusal", default=None)


@contextlib.contextmanager
def refusal_status() -> Generator[RefusalStatus, None, None]:
    """Watch the requests sent from inside the block."""
    status = RefusalStatus()
    token = _current.set(status)
    try:
        yield status
    finally:
        _current.reset(token)


def streamable_http(
    url: str, headers: dict[str, str], session_class: type[ClientSession]
) -> StreamableHttpTransport:
    """Return the transport of the current protocol."""
    return _StreamableHttp(url, headers, session_class)


def server_sent_events(url: str, headers: dict[str, str], session_class: type[ClientSession]) -> SSETransport:
    """Return the transport of the older protocol."""
    return _ServerSentEvents(url, headers, session_class)


class _StreamableHttp(StreamableHttpTransport):
    def __init__(self, url: str, headers: dict[str, str], session_class: type[ClientSession]) -> None:
        super().__init__(url, headers=headers, httpx_client_factory=_http_client)
        self._options = TransportOptions(session_class=session_class)

    @contextlib.asynccontextmanager
    async def connect_session(
        self, *, transport_options: TransportOptions | None = None, **session_kwargs: Unpack[SessionKwargs]
    ) -> AsyncGenerator[ClientSession, None]:
        async with super().connect_session(transport_options=self._options, **session_kwargs) as session:
            yield session


class _ServerSentEvents(SSETransport):
    def __init__(self, url: str, headers: dict[str, str], session_class: type[ClientSession]) -> None:
        super().__init__(url, headers=headers, httpx_client_factory=_http_client)
        self._options = TransportOptions(session_class=session_class)

    @contextlib.asynccontextmanager
    async def connect_session(
        self, *, transport_options: TransportOptions | None = None, **session_kwargs: Unpack[SessionKwargs]
    ) -> AsyncGenerator[ClientSession, None]:
        async with super().connect_session(transport_options=self._options, **session_kwargs) as session:
            yield session


def _http_client(
    headers: dict[str, str] | None = None,
    timeout: httpx2.Timeout | None = None,
    auth: httpx2.Auth | None = None,
    follow_redirects: bool = False,
) -> httpx2.AsyncClient:
    """Make the client of one connection. The transports follow redirects themselves, within the origin."""
    return httpx2.AsyncClient(
        headers=headers,
        timeout=timeout or httpx2.Timeout(_CONNECT_TIMEOUT_S, read=_READ_TIMEOUT_S),
        auth=auth,
        event_hooks={"response": [_note_refusal]},
    )


async def _note_refusal(response: httpx2.Response) -> None:
    status = _current.get()
    if status is not None and response.status_code >= 400:
        status.code = response.status_code
