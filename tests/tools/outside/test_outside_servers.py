"""Servers of other people, over stdio: every tool that needs no network is called with valid arguments."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penguiflow.catalog import NodeSpec
from penguiflow.tools import ToolClientError, ToolNode
from tests.fakes.outside_servers import SERVERS, OutsideServer
from tests.fakes.valid_arguments import valid_arguments
from tests.tools.conftest import MakeNode

pytestmark = pytest.mark.process


@pytest.mark.parametrize("make_server", SERVERS, ids=lambda server: server.__name__)
async def test_every_tool_of_a_server_from_outside_can_be_called(
    make_node: MakeNode, tmp_path: Path, make_server: Callable[[Path], OutsideServer]
) -> None:
    server = make_server(tmp_path)
    node = make_node(server.command, name="out", env=dict(server.environment))
    await node.connect()
    assert (node.status.state, node.status.protocol_version) == ("ready", server.protocol)
    results = {
        tool: await _call_with_all_arguments(spec, tool, server) for tool, spec in _in_order(node, server)
    }
    assert {tool for tool, result in results.items() if result is None} == set(server.refused)
    for tool, value in server.typed.items():
        assert results[tool] == value
    await _read_resources(node, server)
    await node.close()


async def _call_with_all_arguments(spec: NodeSpec, tool: str, server: OutsideServer) -> Any:
    """Call with the fewest and with all arguments; returns the last result, or None for a refusal."""
    result: Any = None
    schema, known = spec.args_model.model_json_schema(), server.known_to(tool)
    for arguments in valid_arguments(schema, known, always=server.always(tool)):
        given = spec.args_model.model_validate(arguments)
        assert given.model_dump(mode="json") == arguments
        if tool in server.refused:
            with pytest.raises(ToolClientError, match=server.refused[tool]):
                await spec.node.func(given, None)
            continue
        answer = await spec.node.func(given, None)
        assert list(answer) == ["result"]
        result = answer["result"]
    return result


def _in_order(node: ToolNode, server: OutsideServer) -> list[tuple[str, NodeSpec]]:
    own = [spec for spec in node.get_tools() if "resources" not in spec.tags]
    specs = {spec.name.partition(".")[2]: spec for spec in own}
    order = [*server.first, *(tool for tool in specs if tool not in server.first)]
    return [(tool, specs[tool]) for tool in order]


async def _read_resources(node: ToolNode, server: OutsideServer) -> None:
    if not server.resources:
        return
    assert node.resources_supported
    for uri in server.resources:
        read = await node.read_resource(uri, None)
        assert "error" not in read
        assert read["text"] or uri == "memory://knowledge-graph"
