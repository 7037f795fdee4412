"""Loads what signing in to a server nobody described needs: the packages of MCP, once, in a thread."""

from __future__ import annotations

import asyncio
import functools
from typing import Protocol

from penguiflow.tools._net import NetPolicy
from penguiflow.tools._oauth.exchange import Send
from penguiflow.tools._oauth.grants import Registration
from penguiflow.tools._oauth.provider import Provider
from penguiflow.tools.errors import ToolConnectionError


class Discovery(Protocol):
    """Asks a server how people sign in to it; the module `discovery` satisfies it."""

    async def discover_provider(
        self, name: str, server_url: str, *, policy: NetPolicy, send: Send
    ) -> Provider: ...


class Registrar(Protocol):
    """Makes this program known to a provider; the module `registration` satisfies it."""

    async def register(
        self, provider: Provider, redirect_uri: str, *, policy: NetPolicy, send: Send
    ) -> Registration: ...


async def load_discovery() -> Discovery:
    """Return how servers are asked. The first call takes about a second, in a thread.

    Raises:
        ToolConnectionError: the packages are not installed; the hint says how to install them.
    """
    return (await _load())[0]


async def load_registrar() -> Registrar:
    """Return how this program is registered; as `load_discovery`."""
    return (await _load())[1]


async def _load() -> tuple[Discovery, Registrar]:
    return _modules() if _modules.cache_info().currsize else await asyncio.to_thread(_modules)


@functools.cache
def _modules() -> tuple[Discovery, Registrar]:
    try:
        # Not above: the MCP packages take a second, and may be missing.
        from penguiflow.tools._oauth import discovery, registration  # noqa: PLC0415
    except ImportError as error:
        raise ToolConnectionError(
            "asking a server how people sign in needs packages that are not installed",
            hint="pip install 'penguiflow[tools]'",
            cause=error,
        ) from error
    return discovery, registration
