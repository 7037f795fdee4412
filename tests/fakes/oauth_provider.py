"""An MCP server with its authorization server on loopback, each of whose answers can be made hostile."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from penguiflow.tools._oauth.pkce import challenge_of

Answer = Callable[[Request], Awaitable[Response]]

METADATA = "/.well-known/oauth-authorization-server"
RESOURCE = "/.well-known/oauth-protected-resource/mcp"


@dataclass
class AuthServer:
    """Behaves by the book until a test changes `resource`, `metadata`, `redirect` or `answers`.

    `metadata` and `resource` are merged over the honest documents (None takes a member away); `redirect` over
    the parameters a person is sent back with. `answers` replaces the answer of a path. `forms` holds what the
    token endpoint was sent, `paths` every path asked for.
    """

    origin: str
    metadata: dict[str, object] = field(default_factory=dict)
    resource: dict[str, object] = field(default_factory=dict)
    redirect: dict[str, str | None] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    forms: list[dict[str, str]] = field(default_factory=list)
    token_headers: list[Mapping[str, str]] = field(default_factory=list)
    registrations: list[dict[str, object]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    lifetime_s: int | None = 3600
    rotates: bool = True
    refresh_asked: asyncio.Event = field(default_factory=asyncio.Event)
    refresh_gate: asyncio.Event | None = None
    challenge_header: str | None = None
    _challenges: dict[str, str] = field(default_factory=dict)
    _refresh_tokens: set[str] = field(default_factory=set)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def url(self) -> str:
        return f"{self.origin}/mcp"

    def app(self) -> Starlette:
        routes = {
            "/mcp": self._mcp,
            RESOURCE: self._resource,
            METADATA: self._metadata,
            "/register": self._register,
            "/authorize": self._authorize,
            "/token": self._token,
        }
        methods = ["GET", "POST"]
        return Starlette(
            routes=[
                Route("/{path:path}", self._dispatch(routes), methods=methods),
            ]
        )

    def revoke_all(self) -> None:
        self._refresh_tokens.clear()

    def _dispatch(self, routes: Mapping[str, Answer]) -> Answer:
        async def answer(request: Request) -> Response:
            path = request.url.path
            self.paths.append(path)
            chosen = self.answers.get(path) or routes.get(path)
            return await chosen(request) if chosen else Response(status_code=404)

        return answer

    async def _mcp(self, request: Request) -> Response:
        metadata_url = f"{self.origin}{RESOURCE}"
        header = self.challenge_header or f'Bearer resource_metadata="{metadata_url}"'
        return Response(status_code=401, headers={"WWW-Authenticate": header})

    async def _resource(self, request: Request) -> Response:
        return _merged(
            {"resource": self.url, "authorization_servers": [self.origin], "scopes_supported": ["read"]},
            self.resource,
        )

    async def _metadata(self, request: Request) -> Response:
        return _merged(
            {
                "issuer": self.origin,
                "authorization_endpoint": f"{self.origin}/authorize",
                "token_endpoint": f"{self.origin}/token",
                "registration_endpoint": f"{self.origin}/register",
                "response_types_supported": ["code"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["none", "client_secret_post"],
                "authorization_response_iss_parameter_supported": True,
            },
            self.metadata,
        )

    async def _register(self, request: Request) -> Response:
        wanted = await request.json()
        self.registrations.append(wanted)
        return JSONResponse(wanted | {"client_id": f"client-{next(self._numbers)}"}, status_code=201)

    async def _authorize(self, request: Request) -> Response:
        asked = request.query_params
        code = f"code-canary-{next(self._numbers)}"
        self._challenges[code] = asked["code_challenge"]
        given: dict[str, str | None] = {"code": code, "state": asked["state"], "iss": self.origin}
        query = {name: value for name, value in (given | self.redirect).items() if value is not None}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(query)}", status_code=302)

    async def _token(self, request: Request) -> Response:
        form = _texts(await request.form())
        self.forms.append(form)
        self.token_headers.append(request.headers)
        if form["grant_type"] == "authorization_code":
            return self._redeem(form)
        self.refresh_asked.set()
        if self.refresh_gate is not None:
            await self.refresh_gate.wait()
        if form["refresh_token"] not in self._refresh_tokens:
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        if self.rotates:
            self._refresh_tokens.discard(form["refresh_token"])
        return JSONResponse(self._tokens(with_refresh=self.rotates))

    def _redeem(self, form: Mapping[str, str]) -> Response:
        if self._challenges.pop(form["code"], None) != challenge_of(form["code_verifier"]):
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        return JSONResponse(self._tokens(with_refresh=True))

    def _tokens(self, *, with_refresh: bool) -> dict[str, object]:
        number = next(self._numbers)
        tokens: dict[str, object] = {"access_token": f"access-canary-{number}", "token_type": "Bearer"}
        if self.lifetime_s is not None:
            tokens["expires_in"] = self.lifetime_s
        if with_refresh:
            tokens["refresh_token"] = f"refresh-canary-{number}"
            self._refresh_tokens.add(f"refresh-canary-{number}")
        return tokens


@contextlib.asynccontextmanager
async def auth_server() -> AsyncGenerator[AuthServer, None]:
    """Run both servers in this loop, at one origin."""
    listener = socket.create_server(("127.0.0.1", 0))
    fake = AuthServer(origin=f"http://127.0.0.1:{listener.getsockname()[1]}")
    async with _served(fake.app(), listener):
        yield fake


@contextlib.asynccontextmanager
async def _served(app: Starlette, listener: socket.socket) -> AsyncGenerator[None, None]:
    """Serve as uvicorn does, without the tenths of a second it takes to start and to stop."""
    config = uvicorn.Config(app, log_level="critical", lifespan="off")
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    try:
        yield
    finally:
        for connection in list(server.server_state.connections):
            connection.shutdown()
        for task in server.server_state.tasks:
            task.cancel()
        await asyncio.gather(*server.server_state.tasks, return_exceptions=True)
        for serving in server.servers:
            serving.close()


def answering(response: Response) -> Answer:
    """Return what answers every request so."""

    async def answer(_: Request) -> Response:
        return response

    return answer


def parameters_of(url: str) -> dict[str, str]:
    """Return the query of a URL."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def _merged(honest: dict[str, object], changed: Mapping[str, object]) -> Response:
    document = {name: value for name, value in (honest | dict(changed)).items() if value is not None}
    return JSONResponse(document)


def _texts(form: FormData) -> dict[str, str]:
    return {name: value for name, value in form.items() if isinstance(value, str)}
