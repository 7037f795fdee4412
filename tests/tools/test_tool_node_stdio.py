"""A `ToolNode` with a real server process: connect, discover, call, close."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest
from pydantic import BaseModel

from penguiflow.registry import ModelRegistry
from penguiflow.tools import (
    ConnectionStatus,
    ExternalToolConfig,
    ToolClientError,
    ToolConnectionError,
    ToolNode,
    ToolNodeError,
    ToolTimeoutError,
    TransportType,
)
from tests.fakes.mcp_processes import child_pids, fastmcp_command, is_running, tiny_command, until
from tests.tools.conftest import ENVIRONMENT, MakeNode

pytestmark = pytest.mark.process


class LocalModel(BaseModel):
    """The model of a node that is no external tool."""


async def test_discovers_namespaced_tools_with_the_schemas_of_the_server(make_node: MakeNode) -> None:
    node = make_node(fastmcp_command(), name="fix")
    await node.connect()
    specs = {spec.name: spec for spec in node.get_tool_specs()}
    assert set(specs) == {
        "fix.add",
        "fix.nothing",
        "fix.describe",
        "fix.results",
        "fix.fail",
        "fix.authorization",
    }
    record = specs["fix.describe"].to_tool_record()
    assert record["args_schema"]["properties"]["style"]["enum"] == ["short", "long"]
    assert record["args_schema"]["properties"]["times"]["maximum"] == 3
    assert record["desc"] == "Describe a place."
    assert (record["side_effects"], record["tags"]) == ("external", ["mcp", "fix"])
    extra = specs["fix.add"].extra
    assert (extra["source"], extra["namespace"], extra["tool_node"]) == ("mcp", "fix", node)
    assert extra["arg_validation"] == {"emit_suspect": True}
    assert node.registry.models("fix.add")[0] is specs["fix.add"].args_model


async def test_calls_a_fastmcp_server_and_keeps_the_types_of_results(make_node: MakeNode) -> None:
    node = make_node(fastmcp_command(), name="fix")
    assert await node.call("fix.add", {"a": 2, "b": 3}) == {"result": 5}
    assert await node.call("add", {"a": 2}) == {"result": 3}
    assert await node.call("fix.nothing", {}) == {"result": None}
    assert await node.call("fix.results", {}) == {"result": {"result": 5}}
    place = {"city": "Rome"}
    assert await node.call("fix.describe", {"place": place}) == {"result": {"text": "Rome short 1"}}
    with pytest.raises(ToolClientError, match=r"MCP tool error: .*out of cheese"):
        await node.call("fix.fail", {"reason": "out of cheese"})
    with pytest.raises(ToolClientError, match=r"(?i)unknown tool"):
        await node.call("fix.teleport", {})


async def test_the_function_of_a_spec_sends_only_what_was_given(make_node: MakeNode) -> None:
    node = make_node(tiny_command())
    await node.connect()
    echo, pid = (next(s for s in node.get_tools() if s.name == f"tiny.{name}") for name in ("echo", "pid"))
    given = echo.args_model.model_validate({"text": "hi", "times": None})
    assert await echo.node.func(given, None) == {"result": {"text": "hi"}}
    result = await pid.node.func(pid.args_model.model_validate({}), None)
    assert int(result["result"]) in child_pids()


async def test_the_status_goes_through_its_states_and_says_what_is_connected(make_node: MakeNode) -> None:
    node = make_node(tiny_command())
    seen: list[ConnectionStatus] = []
    unsubscribe = node.on_status_change(seen.append)
    assert (node.name, node.status.state, node.status.transport) == ("tiny", "idle", "mcp stdio")
    await node.connect()
    await node.connect()
    assert [status.state for status in seen] == ["connecting", "ready"]
    assert (node.status.server, node.status.tool_count) == ("tiny 0.1", 10)
    assert node.status.protocol_version is not None
    assert node.status.latency_ms is not None
    unsubscribe()
    await node.close()
    await node.close()
    assert node.status.state == "closed"
    assert [status.state for status in seen] == ["connecting", "ready"]
    assert node.get_tools() == []


async def test_a_listener_that_raises_harms_nobody(
    make_node: MakeNode, caplog: pytest.LogCaptureFixture
) -> None:
    node = make_node(tiny_command())
    seen: list[ConnectionStatus] = []

    def broken(status: ConnectionStatus) -> None:
        raise ValueError(status.state)

    node.on_status_change(broken)
    node.on_status_change(seen.append)
    await node.connect()
    assert [status.state for status in seen] == ["connecting", "ready"]
    assert "`tiny` failed" in caplog.text


async def test_filters_choose_tools_and_which_of_them_need_approval(make_node: MakeNode) -> None:
    node = make_node(tiny_command(), tool_filter=["echo", "slow_"], approval_filter=["slow_write$"])
    await node.connect()
    assert {spec.name: spec.requires_approval for spec in node.get_tools()} == {
        "tiny.echo": False,
        "tiny.slow_once": False,
        "tiny.slow_write": True,
    }
    assert node.status.tool_count == 3


async def test_a_server_inherits_no_secrets_and_gets_what_its_config_gives(
    make_node: MakeNode, tmp_path: Path
) -> None:
    node = make_node(
        tiny_command(), env={"TOKEN": "${OPENAI_API_KEY}!", "MODE": "${MODE:-quiet}"}, cwd=str(tmp_path)
    )
    environment = (await node.call("environment", {}))["result"]
    assert isinstance(environment, dict)
    assert environment.items() >= {"TOKEN": "sk-canary!", "MODE": "quiet", "HOME": "/nowhere"}.items()
    assert "OPENAI_API_KEY" not in environment
    assert await node.call("where", {}) == {"result": str(tmp_path)}


async def test_words_of_the_command_stay_one_argument_and_no_shell_runs(
    make_node: MakeNode, tmp_path: Path
) -> None:
    node = make_node(tiny_command("--pid-file", f"{tmp_path}/a b; touch $HOME"))
    await node.connect()
    assert (tmp_path / "a b; touch $HOME").exists()


async def test_calls_run_at_the_same_time(make_node: MakeNode, tmp_path: Path) -> None:
    node = make_node(tiny_command(), timeout_s=5)
    never = asyncio.create_task(node.call("never", {}))
    assert await node.call("echo", {"text": "quick"}) == {"result": {"text": "quick"}}
    never.cancel()
    with pytest.raises(asyncio.CancelledError):
        await never
    assert await node.call("echo", {}) == {"result": {}}


async def test_concurrent_connects_share_one_process(make_node: MakeNode) -> None:
    before = child_pids()
    node = make_node(tiny_command())
    await asyncio.gather(*(node.connect() for _ in range(5)))
    assert len(child_pids() - before) == 1


async def test_no_answer_in_time_is_a_timeout(make_node: MakeNode) -> None:
    node = make_node(tiny_command(), timeout_s=1, retry_policy={"max_attempts": 1})
    with pytest.raises(ToolTimeoutError, match=r"`tiny\.never` did not answer within 1 s"):
        await node.call("tiny.never", {})


async def test_a_call_without_an_answer_is_made_again(make_node: MakeNode, tmp_path: Path) -> None:
    node = make_node(tiny_command(), timeout_s=1)
    result = await node.call("slow_once", {"marker": f"{tmp_path}/calls"})
    assert result == {"result": "answered call 2"}


async def test_a_call_that_may_have_changed_something_is_not_made_again(
    make_node: MakeNode, tmp_path: Path
) -> None:
    node = make_node(tiny_command(), timeout_s=1)
    with pytest.raises(ToolTimeoutError):
        await node.call("slow_write", {"marker": f"{tmp_path}/calls"})
    assert (tmp_path / "calls").read_text() == "x"


async def test_large_results_come_whole(make_node: MakeNode) -> None:
    node = make_node(tiny_command())
    assert await node.call("large", {"size": 5_000_000}) == {"result": "x" * 5_000_000}


async def test_a_message_beyond_the_limit_ends_the_connection_with_a_reason(make_node: MakeNode) -> None:
    node = make_node(tiny_command(), retry_policy={"max_attempts": 1})
    with pytest.raises(ToolConnectionError) as caught:
        await node.call("large", {"size": 17 * 1024 * 1024})
    assert "longer than 16 MiB" in (caught.value.hint or "")
    assert await node.call("echo", {"text": "again"}) == {"result": {"text": "again"}}


async def test_a_server_that_dies_is_seen_and_started_again_by_the_next_call(make_node: MakeNode) -> None:
    node = make_node(tiny_command())
    failed = asyncio.Event()
    node.on_status_change(lambda status: failed.set() if status.state == "failed" else None)
    with pytest.raises(ToolConnectionError, match="exited with code 7"):
        await node.call("die", {})
    async with asyncio.timeout(5):
        await failed.wait()
    assert node.get_tools() != []
    assert await node.call("echo", {"text": "back"}) == {"result": {"text": "back"}}
    assert node.status.state == "ready"


async def test_a_server_killed_between_calls_shows_as_failed(make_node: MakeNode) -> None:
    node = make_node(tiny_command())
    failed = asyncio.Event()
    node.on_status_change(lambda status: failed.set() if status.state == "failed" else None)
    pid = int(str((await node.call("pid", {}))["result"]))
    os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(5):
        await failed.wait()
    assert "was killed by signal 9" in (node.status.error or "")


async def test_closing_ends_calls_under_way_and_does_not_reconnect(make_node: MakeNode) -> None:
    node = make_node(tiny_command())
    await node.connect()
    never = asyncio.create_task(node.call("never", {}))
    await node.call("echo", {})
    await node.close()
    with pytest.raises(ToolConnectionError, match="was closed while"):
        await never
    assert node.status.state == "closed"


async def test_closing_ends_the_children_of_the_server_too(make_node: MakeNode, tmp_path: Path) -> None:
    pid_file = tmp_path / "pids"
    node = make_node(tiny_command("--pid-file", str(pid_file), "grandchild"))
    await node.connect()
    server, grandchild = (int(line) for line in pid_file.read_text().split())
    assert is_running(grandchild)
    await node.close()
    assert not is_running(server)
    await until(lambda: not is_running(grandchild))


async def test_closing_ends_a_server_that_ignores_sigterm(make_node: MakeNode) -> None:
    before = child_pids()
    node = make_node(tiny_command("ignore-sigterm"))
    await node.connect()
    assert len(child_pids() - before) == 1
    await node.close()
    assert child_pids() == before


def test_a_node_works_on_another_event_loop_after_close() -> None:
    node = _free_node()

    async def call_and_close() -> object:
        try:
            return await node.call("echo", {"text": "hi"})
        finally:
            await node.close()

    assert [asyncio.run(call_and_close()) for _ in range(2)] == [{"result": {"text": "hi"}}] * 2


def test_a_node_works_on_another_event_loop_without_close_and_leaves_nothing() -> None:
    before = child_pids()
    node = _free_node()

    async def call() -> object:
        return await node.call("echo", {"text": "hi"})

    async def close() -> None:
        await node.close()

    assert [asyncio.run(call()) for _ in range(2)] == [{"result": {"text": "hi"}}] * 2
    asyncio.run(close())
    assert child_pids() == before


async def test_two_nodes_of_one_name_in_a_registry_are_refused_naming_both(make_node: MakeNode) -> None:
    registry = ModelRegistry()
    first, second = (
        make_node(tiny_command(), registry=registry),
        make_node(tiny_command("x"), registry=registry),
    )
    await first.connect()
    with pytest.raises(ToolNodeError) as caught:
        await second.connect()
    assert str(caught.value).count("the connection `tiny`") == 2
    assert second.status.state == "failed"
    await first.close()
    await first.connect()


async def test_a_tool_name_taken_by_the_program_is_refused(make_node: MakeNode) -> None:
    registry = ModelRegistry()
    node = make_node(tiny_command(), registry=registry)
    registry.register("tiny.echo", LocalModel, LocalModel)
    with pytest.raises(ToolNodeError, match=r"`tiny.echo` .* taken by the node `tiny.echo` of this program"):
        await node.connect()
    assert not registry.has("tiny.pid")


async def test_two_tools_of_one_name_are_refused(make_node: MakeNode) -> None:
    with pytest.raises(ToolNodeError, match=r"two tools named `tiny\.echo`"):
        await make_node(tiny_command("twins")).connect()


async def test_hidden_characters_in_names_and_descriptions_are_made_visible(make_node: MakeNode) -> None:
    node = make_node(tiny_command("hostile-text"))
    await node.connect()
    (spec,) = node.get_tools()
    assert spec.name == "tiny.evil<U+202E>name"
    assert "\x1b" not in spec.desc
    with pytest.raises(ToolClientError, match="evil<U\\+202E>name"):
        await node.call(spec.name, {})


def _free_node() -> ToolNode:
    """Return a node that belongs to no event loop yet."""
    config = ExternalToolConfig(name="tiny", transport=TransportType.MCP, connection=tiny_command())
    return ToolNode(config, ModelRegistry(), environment=ENVIRONMENT)
