"""The documents of a server through its `ToolNode`, in both eras of the protocol; tools that come later."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from penguiflow.artifacts import InMemoryArtifactStore
from penguiflow.tools import ToolNode
from tests.fakes.mcp_processes import until
from tests.fakes.mcp_updates import BLOB, MISSING, NOTE
from tests.tools.conftest import MakeNode

pytestmark = pytest.mark.process

SERVER = Path(__file__).parents[1] / "fakes" / "mcp_updates.py"


class Reader:
    """A caller's context with a store of artifacts."""

    def __init__(self) -> None:
        self.tool_context: dict[str, str] = {"session_id": "s"}
        self.artifacts = InMemoryArtifactStore()


@pytest.fixture(params=["2025", "2026"])
async def node(request: pytest.FixtureRequest, make_node: MakeNode) -> ToolNode:
    node = make_node(f"{sys.executable} {SERVER} stdio {request.param}", name="memos", timeout_s=20)
    assert not node.resources_supported
    await node.connect()
    return node


async def test_resources_are_listed_read_and_offered_as_tools(node: ToolNode) -> None:
    ctx = Reader()
    assert node.resources_supported
    assert [resource.uri for resource in await node.list_resources()] == [NOTE, "memo://picture"]
    assert [template.uri_template for template in node.resource_templates] == ["memo://{name}"]
    assert await node.read_resource(NOTE, ctx) == {"text": f"this is {NOTE}"}
    assert "error" in await node.read_resource(MISSING, ctx)
    picture = await node.read_resource("memo://picture", ctx)
    reference = picture["artifact"]
    assert isinstance(reference, dict)
    assert await ctx.artifacts.get(str(reference["id"])) == BLOB

    specs = {spec.name: spec for spec in node.get_tools()}
    assert {"memos.resources_list", "memos.resources_read", "memos.resources_templates_list"} <= set(specs)
    read = specs["memos.resources_read"]
    result = await read.node.func(read.args_model.model_validate({"uri": NOTE}), ctx)
    assert result == {"result": {"text": f"this is {NOTE}"}, "uri": NOTE}

    await node.close()
    assert not node.resources_supported
    assert [resource.uri for resource in node.resources] == [NOTE, "memo://picture"]
    assert "not connected" in str((await node.read_resource(NOTE, ctx))["error"])


async def test_whoever_wants_to_know_hears_of_a_change(node: ToolNode) -> None:
    heard: list[str] = []
    assert await node.subscribe_resource(NOTE, lambda uri: heard.append(f"subscriber {uri}"))
    stop = node.on_resource_updated(lambda uri: heard.append(f"listener {uri}"))
    node.set_resource_updated_callback(lambda uri: heard.append(f"callback {uri}"))
    await node.call("touch", {"uri": NOTE})
    await until(lambda: len(heard) >= 3)
    assert sorted(set(heard)) == [f"callback {NOTE}", f"listener {NOTE}", f"subscriber {NOTE}"]
    stop()
    assert await node.unsubscribe_resource(NOTE)


async def test_a_tool_that_comes_later_is_offered(node: ToolNode) -> None:
    count = node.status.tool_count
    await node.call("grow", {})
    await until(lambda: node.status.tool_count == count + 1)
    assert any(spec.name.startswith("memos.grown_") for spec in node.get_tools())
