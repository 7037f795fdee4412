"""A FastMCP server on loopback with FastMCP's own authorization server, which allows whoever asks."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncGenerator

import uvicorn
from fastmcp import FastMCP
from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider
from fastmcp.server.dependencies import get_access_token
from mcp.server.auth.settings import ClientRegistrationOptions

from tests.fakes.loopback import serving


@contextlib.asynccontextmanager
async def members_server() -> AsyncGenerator[str, None]:
    """Run the server in this loop and yield its URL; its tool `whoami`, as all of it, needs a sign-in."""
    listener = socket.create_server(("127.0.0.1", 0))
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    provider = InMemoryOAuthProvider(
        base_url=origin, client_registration_options=ClientRegistrationOptions(enabled=True)
    )
    server: FastMCP[None] = FastMCP("members", auth=provider)

    @server.tool
    def whoami() -> str:
        """Return whether the caller is a member."""
        return "a member" if get_access_token() is not None else "nobody"

    config = uvicorn.Config(server.http_app(), log_level="critical", lifespan="on")
    async with serving(uvicorn.Server(config), listener):
        yield f"{origin}/mcp"
