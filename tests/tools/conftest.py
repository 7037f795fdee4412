"""Tool nodes that are closed after the test, which then proves that no process is left."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

import pytest

from penguiflow.registry import ModelRegistry
from penguiflow.tools import ExternalToolConfig, ToolNode, TransportType
from tests.fakes.mcp_processes import child_pids

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "LANG": "C.UTF-8", "OPENAI_API_KEY": "sk-canary"}

MakeNode = Callable[..., ToolNode]


@pytest.fixture
async def make_node() -> AsyncGenerator[MakeNode, None]:
    """Make a node for a connection; keywords go into its config."""
    before = child_pids()
    nodes: list[ToolNode] = []

    def make(connection: str, *, registry: ModelRegistry | None = None, **config: object) -> ToolNode:
        values = {"name": "tiny", "transport": TransportType.MCP, "connection": connection, **config}
        node = ToolNode(
            ExternalToolConfig.model_validate(values), registry or ModelRegistry(), environment=ENVIRONMENT
        )
        nodes.append(node)
        return node

    yield make
    for node in nodes:
        await node.close()
    assert child_pids() - before == set()
