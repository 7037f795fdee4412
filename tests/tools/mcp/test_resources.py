"""Resources and updates of a real MCP server, over both transports and in both eras of the protocol."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Protocol, runtime_checkable

import pytest

from penguiflow.tools import ToolClientError
from penguiflow.tools._connecting.session import ResourceSession, ServerUrl, ToolSession
from penguiflow.tools._mcp.opening import open_url
from penguiflow.tools._resources.values import ResourceContents, ResourceInfo, ResourceTemplateInfo
from tests.fakes.mcp_forgetful import forgetful_server
from tests.fakes.mcp_sessions import served, stdio_script
from tests.fakes.mcp_updates import BLOB, MISSING, NOTE

pytestmark = pytest.mark.process

ERAS = {"2025": "2025-11-25", "2026": "2026-07-28"}


@runtime_checkable
class TellsToolChanges(Protocol):
    def on_tools_changed(self, listener: Callable[[], None]) -> None: ...


@pytest.fixture(scope="module")
def urls() -> Generator[dict[str, str]]:
    """Return the URL of a server of each era."""
    with served("mcp_updates.py", "http", "2025") as old, served("mcp_updates.py", "http", "2026") as new:
        yield {"2025": old, "2026": new}


@pytest.fixture(params=["stdio 2025", "stdio 2026", "http 2025", "http 2026"])
async def session(request: pytest.FixtureRequest, urls: dict[str, str]) -> AsyncGenerator[ToolSession]:
    transport, era = request.param.split()
    opening = (
        stdio_script("mcp_updates.py", "stdio", era) if transport == "stdio" else open_url(_at(urls[era]))
    )
    async with opening as opened:
        assert opened.protocol_version == ERAS[era]
        yield opened


async def test_resources_are_listed_read_and_followed(session: ToolSession) -> None:
    assert isinstance(session, ResourceSession)
    assert session.resources_supported
    note, picture = await session.list_resources()
    assert note == ResourceInfo(
        NOTE, "note", "A note.", "text/plain", 4, {"audience": ["user"], "priority": 0.5}
    )
    assert picture == ResourceInfo("memo://picture", "picture")
    templates = await session.list_resource_templates()
    assert list(templates) == [ResourceTemplateInfo("memo://{name}", "memo", None, "text/plain")]
    assert await session.read_resource(NOTE) == [ResourceContents(NOTE, "text/plain", text=f"this is {NOTE}")]
    (read,) = await session.read_resource("memo://picture")
    assert base64.b64decode(read.blob or "") == BLOB
    with pytest.raises(ToolClientError, match="no such memo"):
        await session.read_resource(MISSING)

    updated: asyncio.Queue[str] = asyncio.Queue()
    session.on_resource_updated(updated.put_nowait)
    await session.subscribe_resource(NOTE)
    await session.subscribe_resource(NOTE)
    await session.call_tool("touch", {"uri": NOTE})
    async with asyncio.timeout(5):
        assert await updated.get() == NOTE
    await session.unsubscribe_resource(NOTE)
    await session.unsubscribe_resource(NOTE)
    await session.call_tool("touch", {"uri": NOTE})
    await session.subscribe_resource("memo://picture")
    await session.call_tool("touch", {"uri": "memo://picture"})
    async with asyncio.timeout(5):
        assert await updated.get() == "memo://picture"


@pytest.mark.parametrize("session", ["stdio 2025", "http 2026"], indirect=True)
async def test_tools_that_change_are_told_and_keep_their_output_schema(session: ToolSession) -> None:
    changed = asyncio.Event()
    assert isinstance(session, TellsToolChanges)
    session.on_tools_changed(changed.set)
    async with asyncio.timeout(5):
        while not changed.is_set():  # the stream of the newer era may not be open yet
            await session.call_tool("grow", {})
            await asyncio.sleep(0)
    tools = await session.list_tools()
    assert len(tools) > 3
    assert tools[0].output_schema == {"type": "object", "properties": {"done": {"type": "boolean"}}}


async def test_a_stream_of_updates_that_ends_is_opened_again(urls: dict[str, str]) -> None:
    async with asyncio.timeout(10), open_url(_at(urls["2026"])) as session:
        assert isinstance(session, ResourceSession)
        updated: asyncio.Queue[str] = asyncio.Queue()
        session.on_resource_updated(updated.put_nowait)
        await session.subscribe_resource(NOTE)
        await session.call_tool("end_streams", {})
        assert await updated.get() == NOTE  # what happened meanwhile is not known
        await session.call_tool("touch", {"uri": NOTE})
        assert await updated.get() == NOTE


async def test_a_server_without_resources_says_so() -> None:
    with forgetful_server() as (url, _):
        async with open_url(_at(url)) as session:
            assert isinstance(session, ResourceSession)
            assert not session.resources_supported


def _at(url: str) -> ServerUrl:
    return ServerUrl(url=url)
