"""Loads the optional packages of `penguiflow[tools]`: once, in a thread, with the terminal left alone."""

from __future__ import annotations

import asyncio
import functools
import logging
import sys
from dataclasses import dataclass
from typing import Protocol

from penguiflow.tools._calls import CallWithRetries
from penguiflow.tools._process import ServerProcess
from penguiflow.tools._session import OpenSession, ServerUrl
from penguiflow.tools.errors import ErrorCategory, ToolConnectionError

# The SDK logs under "client" too. Without any handler Python prints warnings to stderr by itself.
_LOGGERS = ("fastmcp", "mcp", "client", "httpx2", "httpcore2")


class Openers(Protocol):
    """The ways to open a connection; the module `_mcp` satisfies it."""

    def open_pipes(self, process: ServerProcess) -> OpenSession: ...

    def open_url(self, server: ServerUrl) -> OpenSession: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """What the optional packages provide."""

    openers: Openers
    call_with_retries: CallWithRetries


async def load_backend() -> Backend:
    """Return what the optional packages provide. The first call takes about a second, in a thread.

    Raises:
        ToolConnectionError: they are not installed; the hint says how to install them.
    """
    if _import_backend.cache_info().currsize:
        return _import_backend()
    return await asyncio.to_thread(_import_backend)


@functools.cache
def _import_backend() -> Backend:
    fastmcp_was_loaded = "fastmcp" in sys.modules
    try:
        # Here and not above: loading FastMCP takes a second, and it may not be installed.
        from penguiflow.tools import _mcp  # noqa: PLC0415
        from penguiflow.tools._retry import call_with_retries  # noqa: PLC0415
    except ImportError as error:
        raise ToolConnectionError(
            f"connecting to tool servers needs packages that are not installed (`{error.name}`)",
            category=ErrorCategory.UNKNOWN,
            cause=error,
            hint="pip install 'penguiflow[tools]'",
        ) from error
    if not fastmcp_was_loaded:
        _undo_log_handlers()
    for name in _LOGGERS:
        _silence_last_resort(logging.getLogger(name))
    return Backend(openers=_mcp, call_with_retries=call_with_retries)


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
