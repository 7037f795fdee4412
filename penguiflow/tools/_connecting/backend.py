"""Loads the optional packages of `penguiflow[tools]`: each once, in a thread, the terminal left alone."""

from __future__ import annotations

import asyncio
import functools
import logging
import sys
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from penguiflow.tools._connecting.process import ServerProcess
from penguiflow.tools._connecting.session import HttpService, OpenSession, ServerUrl, UtcpService
from penguiflow.tools.config import RetryPolicy
from penguiflow.tools.errors import ErrorCategory, ToolConnectionError

ResultT = TypeVar("ResultT")

# The SDK logs under "client" too. Without any handler Python prints warnings to stderr by itself.
_LOGGERS = (
    "fastmcp",
    "mcp",
    "client",
    "httpx2",
    "httpcore2",
    "httpx",
    "httpcore",
    "utcp",
    "utcp_http",
    "aiohttp",
)


class CallWithRetries(Protocol):
    """Calls `attempt` until it succeeds, `may_repeat` says no, or the policy's attempts are used up."""

    async def __call__(
        self,
        attempt: Callable[[], Awaitable[ResultT]],
        policy: RetryPolicy,
        may_repeat: Callable[[BaseException], bool],
    ) -> ResultT: ...


class McpOpeners(Protocol):
    """The ways to open a connection to an MCP server; the module `_mcp.opening` satisfies it."""

    def open_pipes(self, process: ServerProcess) -> OpenSession: ...

    def open_url(self, server: ServerUrl) -> OpenSession: ...


class HttpOpener(Protocol):
    """Opens a connection to an HTTP service."""

    def __call__(self, service: HttpService) -> OpenSession: ...


class UtcpOpener(Protocol):
    """Opens a connection to tools behind UTCP."""

    def __call__(self, service: UtcpService) -> OpenSession: ...


async def load_mcp() -> McpOpeners:
    """Return how MCP servers are opened. The first call takes about a second, in a thread.

    Raises:
        ToolConnectionError: the packages are not installed; the hint says how to install them.
    """
    if _import_mcp.cache_info().currsize:
        return _import_mcp()
    return await asyncio.to_thread(_import_mcp)


async def load_http() -> HttpOpener:
    """Return how HTTP services are opened; as `load_mcp`."""
    if _import_http.cache_info().currsize:
        return _import_http()
    return await asyncio.to_thread(_import_http)


async def load_utcp() -> UtcpOpener:
    """Return how UTCP services are opened; as `load_mcp`."""
    if _import_utcp.cache_info().currsize:
        return _import_utcp()
    return await asyncio.to_thread(_import_utcp)


async def load_retries() -> CallWithRetries:
    """Return what repeats calls; as `load_mcp`."""
    if _import_retries.cache_info().currsize:
        return _import_retries()
    return await asyncio.to_thread(_import_retries)


# Each import stands in its function and not above: FastMCP takes a second, and all may be missing.


@functools.cache
def _import_mcp() -> McpOpeners:
    fastmcp_was_loaded = "fastmcp" in sys.modules
    with _said_what_is_missing():
        from penguiflow.tools._mcp import opening  # noqa: PLC0415
    if not fastmcp_was_loaded:
        _undo_log_handlers()
    return opening


@functools.cache
def _import_http() -> HttpOpener:
    with _said_what_is_missing():
        from penguiflow.tools._http import open_service  # noqa: PLC0415
    return open_service


@functools.cache
def _import_utcp() -> UtcpOpener:
    with _said_what_is_missing():
        from penguiflow.tools._utcp import open_service  # noqa: PLC0415
    return open_service


@functools.cache
def _import_retries() -> CallWithRetries:
    with _said_what_is_missing():
        from penguiflow.tools._node.retry import call_with_retries  # noqa: PLC0415
    return call_with_retries


@contextmanager
def _said_what_is_missing() -> Generator[None]:
    try:
        yield
    except ImportError as error:
        raise ToolConnectionError(
            f"connecting to tool servers needs packages that are not installed (`{error.name}`)",
            category=ErrorCategory.UNKNOWN,
            cause=error,
            hint="pip install 'penguiflow[tools]'",
        ) from error
    for name in _LOGGERS:
        _silence_last_resort(logging.getLogger(name))


def _undo_log_handlers() -> None:
    """Take away the handlers FastMCP adds when imported: they print to stderr, over any screen.

    Its records then go where the application sends its own. An application that imported FastMCP before
    has made its choice, and keeps it.
    """
    logger = logging.getLogger("fastmcp")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
    logger.propagate = True
    logger.setLevel(logging.NOTSET)


def _silence_last_resort(logger: logging.Logger) -> None:
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
