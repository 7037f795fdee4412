"""Resources and files of a real FastMCP server, read through a tool node."""

from __future__ import annotations

import asyncio
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from penguiflow.tools import ToolNode
from penguiflow.tools._output import transform_output
from tests.fakes.mcp_updates import MISSING, NOTE
from tests.tools.conftest import MakeNode
from tests.tools.output.results import Context, config, stored
from tests.tools.resources.notes_server import LONG, PNG

pytestmark = pytest.mark.process

UPDATES_SERVER = Path(__file__).parents[2] / "fakes" / "mcp_updates.py"
STUB = {
    "type": "artifact_stub",
    "resource_uri": "notes://short",
    "summary": "Resource `short` (text/plain, 5 bytes)",
}
COMMAND = shlex.join([sys.executable, str(Path(__file__).parent / "notes_server.py")])


async def test_what_a_real_server_has_is_listed_read_and_kept_as_artifacts(make_node: MakeNode) -> None:
    node, ctx = make_node(COMMAND, name="notes"), Context()
    assert not node.resources_supported
    await node.connect()
    await reads_resources(node, ctx)
    await keeps_files_of_results(node, ctx)
    await reads_small_links(node, ctx)
    await node.close()
    assert not node.resources_supported
    assert len(node.resources) == 3
    assert "not connected" in str((await node.read_resource("notes://short", ctx))["error"])


async def reads_resources(node: ToolNode, ctx: Context) -> None:
    assert node.resources_supported
    assert [resource.uri for resource in await node.list_resources()] == [
        "notes://short",
        "notes://long",
        "notes://picture",
    ]
    assert [each.uri_template for each in node.resource_templates] == ["notes://by/{name}"]
    assert await node.read_resource("notes://short", ctx) == {"text": "hello"}
    assert await node.read_resource("notes://by/ada", ctx) == {"text": "a note by ada"}
    long: Any = await node.read_resource("notes://long", ctx)
    assert long["artifact"]["mime_type"] == "text/markdown"
    assert await stored(ctx.artifacts, long["artifact"]) == LONG.encode()
    picture: Any = await node.read_resource("notes://picture", ctx)
    assert picture["artifact"]["mime_type"] == "image/png"
    assert await stored(ctx.artifacts, picture["artifact"]) == PNG
    missing = await node.read_resource("notes://missing", ctx)
    assert set(missing) == {"error"}

    tools = {spec.name: spec for spec in node.get_tools()}
    read = tools["notes.resources_read"]
    assert await read.node.func(read.args_model.model_validate({"uri": "notes://short"}), ctx) == {
        "result": {"text": "hello"},
        "uri": "notes://short",
    }


async def keeps_files_of_results(node: ToolNode, ctx: Context) -> None:
    drawn: Any = await node.call("draw", {}, ctx)
    text, image = drawn["result"]
    assert text == "a picture"
    assert image["type"] == "image"
    assert await stored(ctx.artifacts, image["artifact"]) == PNG
    recited: Any = await node.call("notes.recite", {}, ctx)
    assert await stored(ctx.artifacts, recited["result"]["artifact"]) == LONG.encode()
    pointed: Any = await node.call("notes.point", {}, ctx)
    assert pointed["result"] == STUB


async def reads_small_links(node: ToolNode, ctx: Context) -> None:
    link = {"type": "resource_link", "uri": "notes://short", "name": "short", "mimeType": "text/plain"}
    result = await transform_output(
        "notes.point",
        {**link, "size": 5},
        config=config({"resources": {"auto_read_if_size_under_bytes": 100}}, name="notes"),
        ctx=ctx,
        read_linked=lambda uri: node.read_resource(uri, ctx),
    )
    assert result == {**STUB, "text": "hello"}


async def test_a_change_that_a_real_server_tells_of_is_read_anew(make_node: MakeNode) -> None:
    command = shlex.join([sys.executable, str(UPDATES_SERVER), "stdio", "2026"])
    node, ctx = make_node(command, name="memos"), Context()
    told: asyncio.Queue[str] = asyncio.Queue()
    seen: list[str] = []
    await node.connect()
    node.set_resource_updated_callback(seen.append)

    assert await node.subscribe_resource(NOTE, told.put) is True
    assert await node.read_resource(NOTE, ctx) == {"text": f"this is {NOTE}"}
    await node.call("touch", {"uri": NOTE}, ctx)
    async with asyncio.timeout(5):
        assert await told.get() == NOTE

    assert seen == [NOTE]
    assert await node.unsubscribe_resource(NOTE) is True
    assert set(await node.read_resource(MISSING, ctx)) == {"error"}
