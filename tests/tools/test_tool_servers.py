"""Many servers as one source of tools: nothing waits for the slow one, and each is a state of its own."""

from __future__ import annotations

import asyncio

import pytest

from penguiflow.registry import ModelRegistry
from penguiflow.tools import (
    ExternalToolConfig,
    ToolConnectionError,
    ToolNode,
    ToolNodeError,
    ToolServers,
    TransportType,
)
from penguiflow.tools.review import ToolPins
from tests.fakes.mcp_processes import child_pids, tiny_command, until


def config(name: str, connection: str, **more: object) -> ExternalToolConfig:
    values = {"name": name, "transport": TransportType.MCP, "connection": connection, "timeout_s": 20, **more}
    return ExternalToolConfig.model_validate(values)


async def test_a_silent_server_keeps_nobody_waiting_and_nothing_is_left_of_it() -> None:
    before = child_pids()
    configs = [
        config("silent", tiny_command("silent")),
        config("quick", tiny_command()),
        config("missing", "/no/such/program"),
        config("off", tiny_command(), enabled=False),
    ]
    async with ToolServers(configs, ModelRegistry(), environment={"PATH": "/usr/bin:/bin"}) as servers:
        assert [status.state for status in servers.statuses][-1] == "disabled"
        await until(lambda: bool(servers.get_tool_specs()))
        await until(lambda: servers.node("missing").status.state == "failed")
        states = {status.name: status.state for status in servers.statuses}
        assert states == {"silent": "connecting", "quick": "ready", "missing": "failed", "off": "disabled"}
        assert {spec.name.partition(".")[0] for spec in servers.get_tool_specs()} == {"quick"}
    assert child_pids() == before


async def test_a_server_is_switched_off_and_on() -> None:
    before = child_pids()
    seen: list[str] = []
    async with ToolServers([config("tiny", tiny_command())], ModelRegistry()) as servers:
        servers.on_status_change(lambda status: seen.append(status.state))
        await servers.wait_started()
        await servers.set_enabled("tiny", False)
        assert (child_pids(), servers.get_tool_specs()) == (before, [])
        with pytest.raises(ToolConnectionError, match="`tiny` is disabled"):
            await servers.node("tiny").call("echo", {})
        await servers.set_enabled("tiny", True)
        await servers.wait_started()
        assert await servers.node("tiny").call("echo", {}) == {"result": {}}
        assert (await servers.reconnect("tiny")).state == "ready"
    assert [state for state in seen if state in ("ready", "disabled")] == [
        "ready",
        "disabled",
        "ready",
        "ready",
    ]
    assert child_pids() == before


async def test_names_are_checked_before_anything_starts() -> None:
    twice = [config("a", "x"), config("a", "y")]
    with pytest.raises(ToolNodeError, match="two tool servers are named `a`"):
        ToolServers(twice, ModelRegistry())
    servers = ToolServers([config("a", "x")], ModelRegistry())
    with pytest.raises(KeyError, match="there are: `a`"):
        servers.node("b")


async def test_a_tool_that_changed_after_approval_is_held_back_until_it_is_approved() -> None:
    """ASI04: what a person approved is what runs."""
    pins = ToolPins()
    first = ToolNode(config("tiny", tiny_command()), ModelRegistry(), review=pins)
    await first.connect()
    count = len(first.get_tools())
    await first.close()
    node = ToolNode(config("tiny", tiny_command("changed-echo")), ModelRegistry(), review=pins)
    await node.connect()
    assert (node.status.held_back, node.status.tool_count) == (("echo",), count - 1)
    assert "tiny.echo" not in [spec.name for spec in node.get_tools()]
    node.approve_changes()
    assert (node.status.held_back, node.status.tool_count) == ((), count)
    assert "tiny.echo" in [spec.name for spec in node.get_tools()]
    await asyncio.gather(node.close(), node.close())
