"""A real FastMCP server with notes to read and files to return, over stdio.

python notes_server.py
"""

from __future__ import annotations

from typing import Any

from fastmcp import FastMCP
from fastmcp.utilities.types import Image
from mcp_types import ResourceLink

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
LONG = "long " * 3000

server: FastMCP[None] = FastMCP("notes", version="1.0")


@server.resource("notes://short", mime_type="text/plain", description="A short note")
def short() -> str:
    return "hello"


@server.resource("notes://long", mime_type="text/markdown")
def long() -> str:
    return LONG


@server.resource("notes://picture", mime_type="image/png")
def picture() -> bytes:
    return PNG


@server.resource("notes://by/{name}", mime_type="text/plain")
def by_name(name: str) -> str:
    return f"a note by {name}"


@server.tool
def draw() -> Any:
    """Draw a picture."""
    return ["a picture", Image(data=PNG, format="png")]


@server.tool
def point() -> Any:
    """Point to a note."""
    return ResourceLink(
        type="resource_link", uri="notes://short", name="short", mime_type="text/plain", size=5
    )


@server.tool
def recite() -> str:
    """Return a long text."""
    return LONG


if __name__ == "__main__":
    server.run(transport="stdio", show_banner=False, log_level="ERROR")
