"""An authorization server, and managers that are closed after the test."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

import pytest

from penguiflow.tools.oauth import LoopbackRedirect, OAuthManager, TokenStore
from tests.fakes.oauth_person import Clock, allow, come_back
from tests.fakes.oauth_provider import AuthServer, auth_server

MakeManager = Callable[..., OAuthManager]


@pytest.fixture
async def server() -> AsyncGenerator[AuthServer, None]:
    async with auth_server() as fake:
        yield fake


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def make_manager(clock: Clock) -> AsyncGenerator[MakeManager, None]:
    """Make a manager that people come back to; its clocks are the test's."""
    managers: list[OAuthManager] = []

    def make(token_store: TokenStore | None = None, **options: object) -> OAuthManager:
        redirect = options.pop("redirect", None) or LoopbackRedirect()
        manager = OAuthManager(
            token_store=token_store, redirect=redirect, clock=clock, monotonic=clock, **options
        )
        managers.append(manager)
        return manager

    yield make
    for manager in managers:
        await manager.aclose()


async def signed_in(manager: OAuthManager, server: AuthServer, user: str = "ann", name: str = "srv") -> str:
    """Sign a user in through the browser and return their token."""
    await manager.discover(name, server.url)
    request = await manager.get_auth_request(name, user, "trace")
    page = await come_back(await allow(str(request["auth_url"])))
    assert page.status_code == 200, page.text
    token = await manager.get_token(user, name)
    assert token is not None
    return token


async def begin(manager: OAuthManager, server: AuthServer) -> None:
    """Learn about the server and ask for a sign-in."""
    await manager.discover("srv", server.url)
    await manager.get_auth_request("srv", "ann", "")


async def finish(manager: OAuthManager, server: AuthServer) -> None:
    """Sign in up to the token endpoint."""
    await manager.discover("srv", server.url)
    request = await manager.get_auth_request("srv", "ann", "")
    await manager.finish_from_url(await allow(str(request["auth_url"])))
