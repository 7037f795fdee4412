"""The sample of external tools in the public description, as it is printed; its `npx` is a stand-in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pydantic import BaseModel

from penguiflow import ModelRegistry, ReactPlanner, build_catalog, tool
from penguiflow.llm import ScriptedLLM
from tests.fakes.mcp_processes import child_pids

TINY = Path(__file__).parents[1] / "fakes" / "mcp_tiny.py"


class Nothing(BaseModel):
    """No arguments, no result."""


@tool(desc="A tool of the program itself")
async def local_tool(args: Nothing, ctx: object) -> Nothing:
    return args


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
async def test_the_sample_runs_as_it_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npx = tmp_path / "npx"
    npx.write_text(f"#!/bin/sh\nexec {sys.executable} {TINY}\n")
    npx.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    before = child_pids()
    registry = ModelRegistry()
    local_tools = build_catalog([local_tool])

    from penguiflow.tools import AuthType, ExternalToolConfig, ToolNode, TransportType

    config = ExternalToolConfig(
        name="github",
        transport=TransportType.MCP,
        connection="npx -y @modelcontextprotocol/server-github",
        auth_type=AuthType.OAUTH2_USER,
        timeout_s=30,
        max_concurrency=10,
    )
    tool_node = ToolNode(config=config, registry=registry)
    await tool_node.connect()
    specs = tool_node.get_tool_specs()
    planner = ReactPlanner(llm_client=ScriptedLLM([]), catalog=specs + local_tools)

    names = {spec.name for spec in planner.visible_tools()}
    assert {"github.echo", "local_tool"} <= names
    await tool_node.close()
    assert child_pids() == before
