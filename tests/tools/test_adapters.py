"""Foreign exceptions become the right `ToolNodeError`."""

from __future__ import annotations

import asyncio

import pytest

from penguiflow.tools import adapt_exception, adapt_mcp_error
from penguiflow.tools.adapters import causes
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
