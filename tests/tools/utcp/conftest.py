"""A service with a manual, and sessions with it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from penguiflow.tools._connecting.session import ToolSession, UtcpService
from penguiflow.tools._utcp import open_service
from tests.fakes.utcp_service import UtcpServer, utcp_service

Open = Callable[..., AbstractAsyncContextManager[ToolSession]]


@pytest.fixture
async def service() -> AsyncGenerator[UtcpServer, None]:
    async with utcp_service() as running:
        yield running


@pytest.fixture
async def other() -> AsyncGenerator[UtcpServer, None]:
    """Another service: another origin."""
    async with utcp_service() as running:
        yield running


@contextlib.asynccontextmanager
async def opened(connection: str, **rest: Any) -> AsyncGenerator[ToolSession, None]:
    """Open a session; keywords are fields of `UtcpService`."""
    values = {"name": "svc", "kind": "auto", "timeout_s": 5.0, **rest}
    async with open_service(UtcpService(connection=connection, **values)) as session:
        yield session
