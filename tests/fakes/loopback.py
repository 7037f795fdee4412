"""Serve an ASGI application in the running loop for the time of a block."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator

import uvicorn


@contextlib.asynccontextmanager
async def serving(server: uvicorn.Server, listener: socket.socket) -> AsyncGenerator[None, None]:
    """Serve on the listener's address until the block is left; connections still open are cut."""
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = server.force_exit = True
        await task
