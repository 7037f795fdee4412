"""The file in which a project names its tool servers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from penguiflow.tools import McpTransportMode
from penguiflow.tools._connecting.plan import plan_connection
from penguiflow.tools._connecting.process import ServerCommand
from penguiflow.tools.project import ProjectToolsError, project_servers


def write(folder: Path, document: Any, name: str = ".mcp.json") -> None:
    (folder / name).write_text(document if isinstance(document, str) else json.dumps(document))


def test_a_project_without_a_file_names_none(tmp_path: Path) -> None:
    assert list(project_servers(tmp_path)) == []


def test_commands_run_in_the_project_with_their_arguments_whole(tmp_path: Path) -> None:
    entry = {
        "command": "python",
        "args": ["my server.py", "${X:-a b}"],
        "env": {"KEY": "${KEY}"},
        "cwd": "sub",
    }
    write(tmp_path, {"mcpServers": {"notes": {**entry, "approval_filter": ["save"], "timeout_s": 5}}})
    (config,) = project_servers(tmp_path)
    assert (config.name, config.cwd, config.timeout_s) == ("notes", str(tmp_path / "sub"), 5)
    assert config.needs_approval("save_note")
    plan = plan_connection(config, {"KEY": "k"})
    assert isinstance(plan, ServerCommand)
    assert (plan.arguments, plan.environment) == (["python", "my server.py", "a b"], {"KEY": "k"})


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        (None, McpTransportMode.AUTO),
        ("sse", McpTransportMode.SSE),
        ("http", McpTransportMode.STREAMABLE_HTTP),
        ("streamable-http", McpTransportMode.STREAMABLE_HTTP),
    ],
)
def test_urls_keep_their_headers_and_protocol(
    tmp_path: Path, kind: str | None, mode: McpTransportMode
) -> None:
    entry = {"type": kind, "url": "https://h/mcp", "headers": {"X": "${Y}"}, "unknownKey": 1}
    write(tmp_path, {"mcpServers": {"wiki": entry, "off": {**entry, "disabled": True}}}, "mcp.json")
    (config,) = project_servers(tmp_path)
    assert (config.connection, config.headers, config.mcp_transport_mode) == (
        "https://h/mcp",
        {"X": "${Y}"},
        mode,
    )


def test_the_hidden_file_has_the_last_word(tmp_path: Path) -> None:
    write(tmp_path, {"mcpServers": {"a": {"command": "hidden"}}})
    write(tmp_path, {"mcpServers": {"a": {"command": "plain"}, "b": {"command": "b"}}}, "mcp.json")
    commands = {config.name: config.connection for config in project_servers(tmp_path)}
    assert commands == {"a": "hidden", "b": "b"}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", ".mcp.json`: Expecting property name"),
        ("[]", ".mcp.json`: "),
        ({}, "mcpServers: Field required"),
        ({"mcpServers": {"a": {}}}, "mcpServers.a: Value error, give either `command` or `url`"),
        ({"mcpServers": {"a": {"command": "x", "url": "http://y"}}}, "give either"),
        ({"mcpServers": {"a": {"command": "x", "args": "y"}}}, "mcpServers.a.args: "),
        ({"mcpServers": {"a": {"command": "x", "timeout_s": 0}}}, "timeout_s: "),
        ({"mcpServers": {"a": {"command": "x", "approval_filter": ["("]}}}, "is not a regular expression"),
        ("\x1b" * 1_000_001, "is larger than"),
    ],
)
def test_a_file_that_is_wrong_is_named_with_the_place(tmp_path: Path, document: Any, message: str) -> None:
    write(tmp_path, document)
    with pytest.raises(ProjectToolsError) as caught:
        project_servers(tmp_path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
