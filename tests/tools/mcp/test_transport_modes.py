"""Which HTTP transport a URL is opened with, against real FastMCP servers of both."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from penguiflow.tools import ToolConnectionError
from tests.fakes.mcp_processes import http_server
from tests.tools.conftest import MakeNode

pytestmark = pytest.mark.process

HEADERS = {"Authorization": "Bearer one"}
HANDSHAKE_ERA, STATELESS_ERA = "2025-11-25", "2026-07-28"


@pytest.fixture(scope="module")
def urls() -> Generator[dict[str, str]]:
    """Return the URLs of a server of the current transport and of one of the older."""
    with http_server("http") as (current, _), http_server("sse") as (older, _):
        yield {"/mcp": current, "/sse": older}


@pytest.mark.parametrize("headers", [{}, HEADERS], ids=["bare", "with headers"])
@pytest.mark.parametrize(
    ("path", "mode"), [("/mcp", "auto"), ("/sse", "auto"), ("/mcp", "streamable_http"), ("/sse", "sse")]
)
async def test_the_transport_follows_the_mode_and_the_url(
    make_node: MakeNode, urls: dict[str, str], path: str, mode: str, headers: dict[str, str]
) -> None:
    node = make_node(urls[path], mcp_transport_mode=mode, headers=headers)
    assert await node.call("authorization", {}) == {"result": headers.get("Authorization", "none")}
    assert node.status.protocol_version == STATELESS_ERA
    await node.close()


async def test_a_server_that_knows_only_the_handshake_is_spoken_to_in_the_older_era(
    make_node: MakeNode, urls: dict[str, str]
) -> None:
    node = make_node(urls["/mcp"], headers={"x-handshake-only": "yes"})
    assert await node.call("add", {"a": 2}) == {"result": 3}
    assert await node.call("results", {}) == {"result": {"result": 5}}
    assert node.status.protocol_version == HANDSHAKE_ERA
    await node.close()


@pytest.mark.parametrize(("path", "mode"), [("/mcp", "sse"), ("/sse", "streamable_http")])
async def test_the_wrong_transport_is_an_error_and_no_hang(
    make_node: MakeNode, urls: dict[str, str], path: str, mode: str
) -> None:
    node = make_node(urls[path], mcp_transport_mode=mode, timeout_s=5)
    with pytest.raises(ToolConnectionError, match="status 40") as caught:
        await node.connect()
    assert "`/mcp`" in (caught.value.hint or "")
