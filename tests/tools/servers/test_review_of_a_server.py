"""A server that shows other tools than the approved ones, over a real connection (ASI04)."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from penguiflow.registry import ModelRegistry
from penguiflow.tools import ExternalToolConfig, ToolNode, TransportType
from penguiflow.tools.review import ToolPins
from tests.fakes import mcp_tiny

pytestmark = pytest.mark.process


async def descriptions(pins: ToolPins, *habits: str, approve: bool = False) -> Mapping[str, str]:
    """Connect once, and return the tools the planner would be given."""
    command = shlex.join([sys.executable, str(Path(mcp_tiny.__file__)), *habits])
    config = ExternalToolConfig(name="tiny", transport=TransportType.MCP, connection=command)
    node = ToolNode(config, ModelRegistry(), environment={"PATH": "/usr/bin:/bin"}, review=pins)
    try:
        await node.connect()
        if approve:
            pins.approve("tiny")
            await node.close()
            await node.connect()
        return {spec.name: spec.desc for spec in node.get_tools()}
    finally:
        await node.close()


async def test_a_tool_with_another_description_is_not_offered_until_it_is_approved(tmp_path: Path) -> None:
    path = tmp_path / "tools.json"
    first = await descriptions(ToolPins(path))
    changed = await descriptions(ToolPins(path), "changed-echo")
    assert first.keys() - changed.keys() == {"tiny.echo"}
    approved = await descriptions(ToolPins(path), "changed-echo", approve=True)
    assert approved["tiny.echo"] != first["tiny.echo"]
    assert await descriptions(ToolPins(path), "changed-echo") == approved
