"""Foreign exceptions as `ToolNodeError`s.

They are told apart by class name and attributes: the packages they come from are optional, and a node
over another transport must not load them.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Sequence
from typing import cast

from penguiflow.safe_text import safe_text
from penguiflow.tools.errors import (
    ToolAuthError,
    ToolClientError,
    ToolConnectionError,
    ToolNodeError,
    ToolRateLimitError,
    ToolServerError,
    ToolTimeoutError,
)

_MAX_MESSAGE_CHARS = 2000
_CONNECTION_CLOSED = -32000
_REQUEST_TIMEOUT = -32001

# "HTTP 503", "HTTP/1.1 502", "status code: 404"; the port of a URL is no status.
_STATUS_IN_TEXT = re.compile(
    r"(?:http(?!s?://)(?:/\d(?:\.\d)?)?|status)[^\d\n]{0,20}([1-9]\d\d)(?!\d)", re.IGNORECASE
)


def adapt_exception(exc: BaseException, transport: str) -> ToolNodeError:
    """Return the `ToolNodeError` that says what `exc` says; `transport` begins its text.

    Raises:
        asyncio.CancelledError: `exc` is one; a cancellation is no error of a tool.
    """
    if isinstance(exc, asyncio.CancelledError):
        raise exc
    if isinstance(exc, ToolNodeError):
        return exc
    if isinstance(exc, TimeoutError):
        return ToolTimeoutError(f"{transport} call got no answer in time", cause=exc)
    if isinstance(exc, OSError):
        return ToolConnectionError(f"{transport} connection failed: {_text(exc)}", cause=exc)
    if transport.casefold() == "mcp":
        return adapt_mcp_error(exc)
    return _adapt_http_error(exc, transport)


def adapt_utcp_error(exc: BaseException) -> ToolNodeError:
    """Return the `ToolNodeError` for an exception of a UTCP client, or of any client of HTTP.

    The status is that of the exception, else the one its text names.
    """
    return _adapt_http_error(exc, "UTCP")


def adapt_mcp_error(exc: BaseException) -> ToolNodeError:
    """Return the `ToolNodeError` for an exception of an MCP client."""
    class_name = type(exc).__name__.casefold()
    if "mcperror" in class_name or "toolerror" in class_name:
        return _adapt_protocol_error(exc)
    if _is_connection_error(exc):
        return ToolConnectionError(f"MCP connection failed: {_text(exc)}", cause=exc)
    status_code = _status_code(exc, ("status_code", "code"))
    return error_of_status(status_code, f"MCP call failed: {_text(exc)}", cause=exc)


def error_of_status(
    status_code: int | None,
    message: str,
    *,
    cause: BaseException | None = None,
    retry_after_s: float | None = None,
) -> ToolNodeError:
    """Return the error class that an HTTP status stands for, with `message`."""
    match status_code:
        case 429:
            error_class: type[ToolNodeError] = ToolRateLimitError
        case 401 | 403:
            error_class = ToolAuthError
        case int() if 500 <= status_code <= 504:
            error_class = ToolServerError
        case int() if 400 <= status_code <= 499:
            error_class = ToolClientError
        case _:
            error_class = ToolNodeError
    return error_class(message, status_code=status_code, cause=cause, retry_after_s=retry_after_s)


def causes(exc: BaseException) -> Iterator[BaseException]:
    """Yield `exc` and everything that led to it: causes, contexts, and members of groups, each once."""
    seen: set[int] = set()
    waiting = [exc]
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, BaseExceptionGroup):
            group = cast("BaseExceptionGroup[BaseException]", current)  # isinstance leaves it unknown
            waiting += group.exceptions
        waiting += [link for link in (current.__context__, current.__cause__) if link is not None]


def _adapt_http_error(exc: BaseException, transport: str) -> ToolNodeError:
    status_code = _status_code(exc, ("status_code", "status"))
    if status_code is None and (named := _STATUS_IN_TEXT.search(str(exc))):
        status_code = int(named.group(1))
    class_name, text = type(exc).__name__, str(exc).casefold()
    if "HttpError" in class_name:
        return error_of_status(status_code, f"{transport} call failed: {_text(exc)}", cause=exc)
    if "UtcpConnectionError" in class_name or _is_connection_error(exc):
        return ToolConnectionError(f"{transport} connection failed: {_text(exc)}", cause=exc)
    if "Timeout" in class_name or "timeout" in text:
        return ToolTimeoutError(f"{transport} call got no answer in time: {_text(exc)}", cause=exc)
    return error_of_status(status_code, f"{transport} call failed: {_text(exc)}", cause=exc)


def _adapt_protocol_error(exc: BaseException) -> ToolNodeError:
    code = getattr(exc, "code", None)
    if code == _CONNECTION_CLOSED and "closed" in str(exc).casefold():
        return ToolConnectionError("MCP connection closed", cause=exc)
    if code == _REQUEST_TIMEOUT:
        return ToolTimeoutError(f"MCP call got no answer in time: {_text(exc)}", cause=exc)
    return ToolClientError(f"MCP tool error: {_text(exc)}", cause=exc)


def _is_connection_error(exc: BaseException) -> bool:
    names = {type(link).__name__ for link in causes(exc)}
    return "connection" in str(exc).casefold() or any(
        "ConnectionError" in name or name in ("ConnectError", "ClosedResourceError", "BrokenResourceError")
        for name in names
    )


def _status_code(exc: BaseException, attributes: Sequence[str]) -> int | None:
    for attribute in attributes:
        value = getattr(exc, attribute, None)
        if isinstance(value, int):
            return value
    return None


def _text(exc: BaseException) -> str:
    return safe_text(str(exc) or type(exc).__name__, max_chars=_MAX_MESSAGE_CHARS)
