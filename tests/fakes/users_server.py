"""A FastMCP server on loopback that lets in whoever has one of its tokens, and who gives them out."""

from __future__ import annotations

import contextlib
import socket
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

import uvicorn
from fastmcp import FastMCP
from fastmcp.server.auth import AccessToken, TokenVerifier
from fastmcp.server.dependencies import get_access_token
from pydantic import JsonValue

from tests.fakes.loopback import serving


class Doorkeeper(TokenVerifier):
    """Knows who has which token now; `users` may be changed while the server runs."""

    def __init__(self) -> None:
        super().__init__()
        self.users: dict[str, str] = {}
        self.refused: Counter[str] = Counter()

    async def verify_token(self, token: str) -> AccessToken | None:
        user = self.users.get(token)
        if user is None:
            self.refused[token] += 1
            return None
        return AccessToken(token=token, client_id=user, scopes=[])


@dataclass
class UsersServer:
    url: str
    door: Doorkeeper


@contextlib.asynccontextmanager
async def users_server() -> AsyncGenerator[UsersServer, None]:
    """Run the server in this loop; its tool `whoami` returns the user of the token a call came with."""
    door = Doorkeeper()
    server: FastMCP[None] = FastMCP("users", auth=door)

    @server.tool
    def whoami() -> str:
        """Return who calls."""
        token = get_access_token()
        return token.client_id if token is not None else "nobody"

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(server.http_app(), log_level="critical", lifespan="on")
    async with serving(uvicorn.Server(config), listener):
        yield UsersServer(url=f"http://127.0.0.1:{listener.getsockname()[1]}/mcp", door=door)


@dataclass
class FakeSignIn:
    """Satisfies `AuthManager` and `HearsRefusals`: tokens by user, and the next to give after a refusal."""

    tokens: dict[str, str] = field(default_factory=dict[str, str])
    next_tokens: dict[str, str] = field(default_factory=dict[str, str])
    refusals: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    async def get_token(self, user_id: str, provider: str) -> str | None:
        return self.tokens.get(user_id)

    async def get_auth_request(self, provider: str, user_id: str, trace_id: str) -> Mapping[str, JsonValue]:
        url = f"https://sign.in/{provider}?user={user_id}&trace={trace_id}"
        return {"display_name": provider, "auth_url": url, "scopes": ["read"], "state": "s"}

    async def token_refused(self, user_id: str, provider: str, token: str) -> str | None:
        self.refusals.append((user_id, token))
        if self.tokens.get(user_id) != token:
            return self.tokens.get(user_id)
        following = self.next_tokens.pop(user_id, None)
        if following is None:
            self.tokens.pop(user_id, None)
        else:
            self.tokens[user_id] = following
        return following


@dataclass
class FakeDiscovery(FakeSignIn):
    """Also asks servers how people sign in to them."""

    asked: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    async def discover(self, provider: str, server_url: str) -> None:
        self.asked.append((provider, server_url))


class CallerContext:
    """What a tool is given: a user, and a pause in which the person signs in if `gives` is a token."""

    def __init__(
        self, user: str | None, sign_in: FakeSignIn | None = None, *, gives: str | None = None
    ) -> None:
        self.tool_context = {"trace_id": "trace-1"} | ({"user_id": user} if user else {})
        self.pauses: list[tuple[str, Mapping[str, JsonValue]]] = []
        self._user = user
        self._sign_in = sign_in
        self._gives = gives

    async def pause(self, reason: str, payload: Mapping[str, JsonValue]) -> None:
        self.pauses.append((reason, payload))
        if self._sign_in is not None and self._user is not None and self._gives is not None:
            self._sign_in.tokens[self._user] = self._gives
