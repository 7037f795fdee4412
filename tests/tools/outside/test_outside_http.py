"""A server of other people over HTTP, through both transports."""

from __future__ import annotations

import asyncio

import pytest

from penguiflow.tools import ToolClientError
from penguiflow.tools._connecting.session import ResourceSession, ServerUrl
from penguiflow.tools._mcp.opening import open_url
from tests.fakes.outside_servers import everything_over_http
from tests.tools.conftest import MakeNode

pytestmark = pytest.mark.process


@pytest.mark.parametrize("transport", ["sse", "streamableHttp"])
async def test_a_server_from_outside_works_over_http(make_node: MakeNode, transport: str) -> None:
    with everything_over_http(transport) as url:
        node = make_node(url, name="out")
        await node.connect()
        assert (node.status.protocol_version, node.status.server) == (
            "2025-11-25",
            "mcp-servers/everything 2.0.0",
        )
        place = {"location": "Chicago"}
        weather = {"temperature": 36, "conditions": "Light rain / drizzle", "humidity": 82}
        assert await node.call("get-structured-content", place) == {"result": weather}
        assert await node.call("out.echo", {"message": "hi"}) == {"result": "Echo: hi"}
        with pytest.raises(ToolClientError, match="message"):
            await node.call("out.echo", {})
        await node.close()


async def test_changes_of_a_resource_are_told_by_a_server_from_outside() -> None:
    uri = "demo://resource/dynamic/text/1"
    with everything_over_http("streamableHttp") as url:
        async with asyncio.timeout(15), open_url(ServerUrl(url=url)) as session:
            assert isinstance(session, ResourceSession)
            updated: asyncio.Queue[str] = asyncio.Queue()
            session.on_resource_updated(updated.put_nowait)
            await session.subscribe_resource(uri)
            await session.call_tool("toggle-subscriber-updates", {})
            assert await updated.get() == uri
            await session.unsubscribe_resource(uri)
