"""Connections that do not come up: one clear error with a hint, in time, and nothing left behind."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from penguiflow.tools import ToolAuthError, ToolConnectionError
from tests.fakes.mcp_processes import child_pids, tiny_command, until
from tests.tools.conftest import MakeNode

pytestmark = pytest.mark.process


@pytest.mark.parametrize(
    ("connection", "error", "hint"),
    [
        ("no-such-program --x", "the command `no-such-program` was not found", "install `no-such-program`"),
        ("/dev/null", "Permission denied", "may be executed"),
        (tiny_command("exit-3"), "exited with code 3 before it answered", "cannot find my settings"),
        ("true", "exited with code 0 before it answered", "run the command in a terminal"),
        ("cat", "does not speak MCP", "starts an MCP server"),
        (tiny_command("silent"), "did not answer within 1 s", "larger `timeout_s`"),
        (tiny_command("silent", "ignore-sigterm"), "did not answer within 1 s", "larger `timeout_s`"),
        ("unclosed 'quote", "cannot be split", "close the quote"),
        ("prog ''\"\0\"", "NUL character", "remove it"),
        ("http://127.0.0.1:9/mcp", "cannot reach `tiny` at `http://127.0.0.1:9/mcp`", "the server runs"),
        ("ws://127.0.0.1:9/mcp", "WebSocket", "https://"),
    ],
)
async def test_a_server_that_does_not_come_up_gives_one_error_with_a_hint(
    make_node: MakeNode, connection: str, error: str, hint: str
) -> None:
    before = child_pids()
    node = make_node(connection, timeout_s=1)
    with pytest.raises(ToolConnectionError) as caught:
        await node.connect()
    assert error in str(caught.value)
    assert hint in (caught.value.hint or "")
    assert "\n" not in f"{caught.value}{caught.value.hint}"
    assert (node.status.state, node.status.error, node.status.hint) == (
        "failed",
        str(caught.value),
        caught.value.hint,
    )
    assert child_pids() == before


async def test_a_folder_that_is_missing_is_named(make_node: MakeNode) -> None:
    with pytest.raises(ToolConnectionError, match="no folder `/no/such/folder`"):
        await make_node(tiny_command(), cwd="/no/such/folder").connect()


async def test_a_variable_that_is_not_set_is_named_before_anything_starts(make_node: MakeNode) -> None:
    before = child_pids()
    node = make_node(tiny_command(), env={"KEY": "${NO_SUCH_KEY}"})
    with pytest.raises(ToolAuthError, match="`NO_SUCH_KEY`, which `tiny` needs, is not set"):
        await node.connect()
    assert node.status.state == "needs_auth"
    assert child_pids() == before


async def test_a_sign_in_that_nobody_can_do_is_a_state_of_its_own(make_node: MakeNode) -> None:
    node = make_node("https://example.invalid/mcp", auth_type="oauth2_user")
    with pytest.raises(ToolAuthError, match="no auth_manager"):
        await node.connect()
    assert node.status.state == "needs_auth"


@pytest.mark.parametrize("habits", [["silent"], ["silent", "ignore-sigterm"]])
async def test_a_connect_that_is_cancelled_leaves_no_process(
    make_node: MakeNode, tmp_path: Path, habits: list[str]
) -> None:
    before = child_pids()
    pid_file = tmp_path / "pid"
    node = make_node(tiny_command("--pid-file", str(pid_file), *habits))
    connecting = asyncio.create_task(node.connect())
    await until(lambda: pid_file.exists() and pid_file.read_text() != "")
    connecting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await connecting
    assert child_pids() == before
    assert node.status.state == "closed"


async def test_one_of_two_waiting_for_a_connection_may_be_cancelled(make_node: MakeNode) -> None:
    node = make_node(tiny_command())
    first, second = asyncio.create_task(node.connect()), asyncio.create_task(node.connect())
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert node.status.state == "ready"
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_closing_while_connecting_ends_the_wait_and_the_process(make_node: MakeNode) -> None:
    before = child_pids()
    node = make_node(tiny_command("silent"))
    connecting = asyncio.create_task(node.connect())
    await until(lambda: child_pids() != before)
    await node.close()
    with pytest.raises(ToolConnectionError, match="was closed while it was connecting"):
        await connecting
    assert child_pids() == before
    assert node.status.state == "closed"


async def test_connecting_works_after_it_failed(make_node: MakeNode, tmp_path: Path) -> None:
    late_server = tmp_path / "server"
    node = make_node(f"{late_server}")
    with pytest.raises(ToolConnectionError):
        await node.connect()
    late_server.write_text(f"#!/bin/sh\nexec {tiny_command()}\n")
    late_server.chmod(0o700)
    await node.connect()
    assert node.status.state == "ready"
    assert (node.status.error, node.status.hint) == (None, None)


async def test_a_chatty_server_works(make_node: MakeNode) -> None:
    node = make_node(tiny_command("chatty"))
    assert await node.call("echo", {"text": "hi"}) == {"result": {"text": "hi"}}


async def test_a_flood_on_stderr_never_reaches_the_terminal_and_its_end_explains_a_failure(
    make_node: MakeNode, capfd: pytest.CaptureFixture[str]
) -> None:
    flooding = make_node(tiny_command("flood-stderr"))
    assert await flooding.call("echo", {"text": "hi"}) == {"result": {"text": "hi"}}
    node = make_node(tiny_command("flood-stderr", "silent"), timeout_s=3)
    with pytest.raises(ToolConnectionError) as caught:
        await node.connect()
    assert "the last line" in (caught.value.hint or "")
    assert "\x1b" not in (caught.value.hint or "")
    assert capfd.readouterr() == ("", "")


async def test_a_credential_in_the_target_is_not_shown(make_node: MakeNode) -> None:
    node = make_node("http://me:hunter2@127.0.0.1:9/mcp?token=abcdef", timeout_s=1)
    with pytest.raises(ToolConnectionError) as caught:
        await node.connect()
    shown = f"{node.status} {caught.value} {caught.value.hint}"
    assert "hunter2" not in shown
    assert "abcdef" not in shown
