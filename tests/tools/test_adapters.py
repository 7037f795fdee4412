"""Foreign exceptions become the right `ToolNodeError`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from penguiflow.tools.adapters import adapt_exception, adapt_mcp_error, adapt_utcp_error, causes
from penguiflow.tools.errors import (
    ToolAuthError,
    ToolClientError,
    ToolConnectionError,
    ToolNodeError,
    ToolRateLimitError,
    ToolServerError,
    ToolTimeoutError,
)


class McpError(Exception):
    """Named as the MCP packages name theirs."""

    def __init__(self, message: str, code: int = -32603) -> None:
        super().__init__(message)
        self.code = code


class HTTPStatusError(Exception):
    """Carries a status as HTTP clients do."""

    def __init__(self, status_code: int) -> None:
        super().__init__("refused")
        self.status_code = status_code


@pytest.mark.parametrize(
    ("raised", "error_class"),
    [
        (McpError("no such thing"), ToolClientError),
        (McpError("Connection closed", -32000), ToolConnectionError),
        (McpError("timed out", -32001), ToolTimeoutError),
        (RuntimeError("Client failed to connect: Connection refused"), ToolConnectionError),
        (HTTPStatusError(429), ToolRateLimitError),
        (HTTPStatusError(502), ToolServerError),
        (HTTPStatusError(401), ToolAuthError),
        (HTTPStatusError(418), ToolClientError),
        (HTTPStatusError(507), ToolNodeError),
        (ValueError("odd"), ToolNodeError),
    ],
)
def test_mcp_exceptions(raised: Exception, error_class: type[ToolNodeError]) -> None:
    error = adapt_mcp_error(raised)
    assert type(error) is error_class
    assert error.__cause__ is raised


class UtcpHttpError(Exception):
    """Named as the contract names it."""


class UtcpConnectionError(Exception):
    """As above."""


class UtcpTimeoutError(Exception):
    """As above."""


class ClientResponseError(Exception):
    """Carries a status as aiohttp does."""

    def __init__(self, status: int, message: str = "refused") -> None:
        super().__init__(message)
        self.status = status


@pytest.mark.parametrize(
    ("raised", "error_class", "status"),
    [
        (HTTPStatusError(429), ToolRateLimitError, 429),
        (ClientResponseError(503), ToolServerError, 503),
        (ClientResponseError(401), ToolAuthError, 401),
        (ClientResponseError(600), ToolNodeError, 600),
        (UtcpHttpError("HTTP 404 of the connection"), ToolClientError, 404),
        (UtcpHttpError("no number"), ToolNodeError, None),
        (RuntimeError("HTTP error 500"), ToolServerError, 500),
        (RuntimeError("HTTP/1.1 502 Bad Gateway"), ToolServerError, 502),
        (RuntimeError("status: 403"), ToolAuthError, 403),
        (RuntimeError("failed with status code 429!"), ToolRateLimitError, 429),
        (RuntimeError("http://127.0.0.1:404/x is odd"), ToolNodeError, None),
        (RuntimeError("HTTP 12345"), ToolNodeError, None),
        (RuntimeError("404 without a word before it"), ToolNodeError, None),
        (UtcpConnectionError("down"), ToolConnectionError, None),
        (RuntimeError("the Connection dropped, status 503"), ToolConnectionError, None),
        (UtcpTimeoutError("slow"), ToolTimeoutError, None),
        (RuntimeError("read Timeout, status 503"), ToolTimeoutError, None),
        (ClientResponseError(503, "upstream connection"), ToolConnectionError, None),
        (ValueError("odd"), ToolNodeError, None),
    ],
)
def test_utcp_exceptions(raised: Exception, error_class: type[ToolNodeError], status: int | None) -> None:
    error = adapt_utcp_error(raised)
    assert (type(error), error.status_code, error.__cause__) == (error_class, status, raised)
    assert type(adapt_exception(raised, "utcp")) is error_class
    assert type(adapt_exception(raised, "http")) is error_class


@pytest.mark.parametrize(
    ("adapt", "start"),
    [
        (lambda: adapt_mcp_error(McpError("no")), "MCP tool error: no"),
        (
            lambda: adapt_mcp_error(RuntimeError("connection reset")),
            "MCP connection failed: connection reset",
        ),
        (lambda: adapt_utcp_error(RuntimeError("connection reset")), "UTCP connection failed"),
        (lambda: adapt_exception(RuntimeError("odd"), "HTTP"), "HTTP call failed: odd"),
    ],
)
def test_the_text_begins_with_what_failed(adapt: Callable[[], ToolNodeError], start: str) -> None:
    assert str(adapt()).startswith(start)


@pytest.mark.parametrize("transport", ["mcp", "utcp"])
@pytest.mark.parametrize(
    ("raised", "error_class"),
    [
        (TimeoutError(), ToolTimeoutError),
        (ConnectionRefusedError("refused"), ToolConnectionError),
        (OSError("gone"), ToolConnectionError),
        (HTTPStatusError(503), ToolServerError),
    ],
)
def test_exceptions_of_any_transport(
    raised: Exception, error_class: type[ToolNodeError], transport: str
) -> None:
    assert type(adapt_exception(raised, transport)) is error_class


def test_a_tool_node_error_stays_as_it_is_and_a_cancellation_is_raised() -> None:
    error = ToolClientError("no")
    assert adapt_exception(error, "mcp") is error
    with pytest.raises(asyncio.CancelledError):
        adapt_exception(asyncio.CancelledError(), "mcp")


def test_control_characters_of_a_server_do_not_get_into_messages() -> None:
    assert "\x1b" not in str(adapt_mcp_error(McpError("\x1b]0;title\x07")))


def test_causes_go_through_groups_and_end_in_circles() -> None:
    inner, outer = ConnectionError("inner"), RuntimeError("outer")
    outer.__cause__ = ExceptionGroup("group", [inner])
    inner.__context__ = outer
    assert {type(error) for error in causes(outer)} == {RuntimeError, ExceptionGroup, ConnectionError}
