"""An HTTP service on loopback that keeps what it is sent, answers as a test wants, and has a UTCP manual."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import uvicorn
from pydantic import JsonValue
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.fakes.loopback import serving

METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]


@dataclass(kw_only=True)
class Received:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: str

    def as_json(self) -> dict[str, JsonValue]:
        return {"method": self.method, "path": self.path, "query": [list(pair) for pair in self.query]} | {
            "body": self.body
        }


Answer = Callable[[Received], Awaitable[Response] | Response]


@dataclass(kw_only=True)
class UtcpServer:
    """What a test sees of the service. Paths without an answer of their own echo the request."""

    url: str
    received: list[Received] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)

    def says(self, path: str, status: int, content: object, kind: str = "application/json") -> None:
        """Answer a path with this; what is no text or bytes is sent as JSON."""
        body = content if isinstance(content, (str, bytes)) else json.dumps(content)
        self.answers[path] = lambda _: Response(body, status, media_type=kind)

    def has_manual(self, *tools: Mapping[str, object], path: str = "/utcp") -> None:
        """Have a manual with these tools."""
        self.says(path, 200, {"utcp_version": "1.0.1", "manual_version": "1.0.0", "tools": list(tools)})

    def hangs(self, path: str) -> None:
        """Never answer a path."""

        async def hang(_: Received) -> Response:
            await asyncio.Event().wait()
            return Response()

        self.answers[path] = hang

    def at(self, path: str) -> list[Received]:
        """Return the requests for a path."""
        return [request for request in self.received if request.path == path]


@contextlib.asynccontextmanager
async def utcp_service() -> AsyncGenerator[UtcpServer, None]:
    """Run the service on a free port of loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        service = UtcpServer(url=f"http://127.0.0.1:{listener.getsockname()[1]}")

        async def answer(request: Request) -> Response:
            received = Received(
                method=request.method,
                path=request.scope["raw_path"].decode(),
                query=request.query_params.multi_items(),
                headers=dict(request.headers),
                body=(await request.body()).decode(),
            )
            service.received.append(received)
            own = service.answers.get(received.path)
            if own is None:
                return JSONResponse(received.as_json())
            said = own(received)
            return said if isinstance(said, Response) else await said

        app = Starlette(routes=[Route("/{path:path}", answer, methods=METHODS)])
        config = uvicorn.Config(app, log_level="critical", lifespan="off")
        async with serving(uvicorn.Server(config), listener):
            yield service


def tool(name: str, url: str, method: str = "GET", **rest: object) -> dict[str, object]:
    """Return a tool over HTTP; `inputs` and `outputs` are of the tool, the rest of its call template."""
    return {
        "name": name,
        "description": f"Does {name}",
        "inputs": rest.pop("inputs", {"type": "object", "properties": {}}),
        "outputs": rest.pop("outputs", {}),
        "tool_call_template": {
            "call_template_type": rest.pop("kind", "http"),
            "url": url,
            "http_method": method,
            **rest,
        },
    }


def command_tool(name: str, *commands: object, **rest: object) -> dict[str, object]:
    """Return a tool that runs commands, each a text or a whole step."""
    return {
        "name": name,
        "inputs": rest.pop("inputs", {"type": "object", "properties": {}}),
        "outputs": rest.pop("outputs", {}),
        "tool_call_template": {
            "call_template_type": "cli",
            "commands": [{"command": step} if isinstance(step, str) else step for step in commands],
            **rest,
        },
    }
