"""A real FastMCP server for tests: over stdio, or over HTTP on a free loopback port.

    python mcp_fastmcp.py            # stdio
    python mcp_fastmcp.py http       # prints its URL on the first line
    python mcp_fastmcp.py sse        # the same with the older protocol

Over HTTP a client may ask for trouble by headers; see `mcp_refusing`.
"""

from __future__ import annotations

import socket
import sys
from typing import Annotated, Literal

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


def serve_http(transport: Literal["http", "sse"]) -> None:
    from mcp_refusing import RefuseOnRequest

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
