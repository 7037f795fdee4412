"""A FastMCP server with its own OAuth on loopback; its tool says in whose name it was called."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import uvicorn
from fastmcp import FastMCP
from fastmcp.server.auth.auth import ClientRegistrationOptions
from fastmcp.server.auth.providers.in_memory import InMemoryOAuthProvider
from fastmcp.server.dependencies import get_access_token
from mcp.server.auth.provider import AuthorizationCode, AuthorizationParams, RefreshToken
from mcp.shared.auth import OAuthClientInformationFull, OAuthToken

from tests.fakes.loopback import serving


class People(InMemoryOAuthProvider):
    """Knows who signed in for which token. Whoever opens the sign-in page is `at_the_page`."""

    def __init__(self, base_url: str) -> None:
        options = ClientRegistrationOptions(enabled=True, valid_scopes=["read"])
        super().__init__(base_url=base_url, client_registration_options=options, required_scopes=["read"])
        self.at_the_page = "nobody"
        self.owners: dict[str, str] = {}
        self.resources: list[str | None] = []
        self.refreshes = 0

    async def authorize(self, client: OAuthClientInformationFull, params: AuthorizationParams) -> str:
        self.resources.append(params.resource)
        before = set(self.auth_codes)
        url = await super().authorize(client, params)
        (code,) = set(self.auth_codes) - before
        self.owners[code] = self.at_the_page
        return url

    async def exchange_authorization_code(
        self, client: OAuthClientInformationFull, authorization_code: AuthorizationCode
    ) -> OAuthToken:
        tokens = await super().exchange_authorization_code(client, authorization_code)
        return self._owned(tokens, self.owners[authorization_code.code])

    async def exchange_refresh_token(
        self, client: OAuthClientInformationFull, refresh_token: RefreshToken, scopes: list[str]
    ) -> OAuthToken:
        self.refreshes += 1
        tokens = await super().exchange_refresh_token(client, refresh_token, scopes)
        return self._owned(tokens, self.owners[refresh_token.token])

    def expire_access(self) -> None:
        """Make every access token too old."""
        for token in self.access_tokens.values():
            token.expires_at = int(time.time()) - 10

    def revoke_access(self, user: str) -> None:
        """Take back all that a user allowed."""
        for token in list(self.access_tokens):
            if self.owners[token] == user:
                self._revoke_internal(access_token_str=token)

    def _owned(self, tokens: OAuthToken, user: str) -> OAuthToken:
        self.owners[tokens.access_token] = user
        self.owners[tokens.refresh_token or ""] = user
        return tokens


@dataclass
class SignInServer:
    url: str
    people: People


@contextlib.asynccontextmanager
async def sign_in_server() -> AsyncGenerator[SignInServer, None]:
    """Run the server in this loop."""
    listener = socket.create_server(("127.0.0.1", 0))
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    people = People(origin)
    server: FastMCP[None] = FastMCP("people", auth=people)

    @server.tool
    def whoami() -> str:
        """Return who calls."""
        token = get_access_token()
        return people.owners[token.token] if token is not None else "nobody"

    config = uvicorn.Config(server.http_app(), log_level="critical", lifespan="on")
    async with serving(uvicorn.Server(config), listener):
        yield SignInServer(url=f"{origin}/mcp", people=people)
