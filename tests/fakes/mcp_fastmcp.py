"""A real FastMCP server for tests: over stdio, or over HTTP on a free loopback port.

    python mcp_fastmcp.py            # stdio
    python mcp_fastmcp.py http       # prints its URL on the first line
    python mcp_fastmcp.py sse        # the same with the older protocol

Over HTTP a client may ask for trouble by headers: `x-refuse: 503` and `x-refuse-times: 2` make its first two
calls of the tool `add` fail with that status, `x-client` tells clients apart; `x-refuse-always: 401` refuses
every request.
"""

from __future__ import annotations

import socket
import sys
from collections import Counter
from typing import Annotated, Any, Literal

import uvicorn
from fastmcp import FastMCP
from fastmcp.server.dependencies import get_http_headers
from pydantic import BaseModel, Field

server: FastMCP[None] = FastMCP("fixture", version="2.5")


class Place(BaseModel):
    city: str
    zip_code: int | None = None


@server.tool
def add(a: int, b: int = 1) -> int:
    """Add two numbers."""
    return a + b


@server.tool
def nothing() -> None:
    """Take nothing, return nothing."""


@server.tool
def describe(
    place: Place, style: Literal["short", "long"] = "short", times: Annotated[int, Field(ge=1, le=3)] = 1
) -> dict[str, str]:
    """Describe a place."""
    return {"text": f"{place.city} {style} {times}"}


@server.tool
def results() -> dict[str, int]:
    """Return an object with one key named result."""
    return {"result": 5}


@server.tool
def fail(reason: str) -> str:
    """Fail."""
    raise ValueError(reason)


@server.tool
def authorization() -> str:
    """Return the Authorization header of the request."""
    return get_http_headers(include={"authorization"}).get("authorization", "none")


class RefuseOnRequest:
    """ASGI middleware that gives the answers the headers ask for."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._refused: Counter[str] = Counter()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = {key.decode(): value.decode() for key, value in scope.get("headers", ())}
        status = self._status(headers)
        if scope["type"] != "http" or status is None:
            await self._app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    def _status(self, headers: dict[str, str]) -> int | None:
        if "x-refuse-always" in headers:
            return int(headers["x-refuse-always"])
        client = headers.get("x-client", "")
        calls_add = (headers.get("mcp-method"), headers.get("mcp-name")) == ("tools/call", "add")
        if "x-refuse" in headers and calls_add and self._refused[client] < int(headers["x-refuse-times"]):
            self._refused[client] += 1
            return int(headers["x-refuse"])
        return None


def serve_http(transport: Literal["http", "sse"]) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    app = RefuseOnRequest(server.http_app(transport=transport))
    path = "mcp" if transport == "http" else "sse"
    sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}/{path}\n")
    sys.stdout.flush()
    uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="on")).run(sockets=[listener])


if __name__ == "__main__":
    if sys.argv[1:] in (["http"], ["sse"]):
        serve_http("http" if sys.argv[1] == "http" else "sse")
    else:
        server.run(transport="stdio", show_banner=False, log_level="ERROR")
