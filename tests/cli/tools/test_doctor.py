"""`penguiflow tools doctor`: what is wrong with each server, and what to do about it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from penguiflow.tools.config import ExternalToolConfig, TransportType
from penguiflow_cli._tools_checks import problems_before, unusable_schemas
from penguiflow_cli._tools_exit import ToolsExit, worst
from tests.fakes.mcp_processes import child_pids, tiny_command
from tests.fakes.tools_commands import json_objects, server_of, tools, write_servers

CaptureFd = pytest.CaptureFixture[str]


def config(connection: str, **more: object) -> ExternalToolConfig:
    return ExternalToolConfig.model_validate(
        {"name": "mine", "transport": TransportType.MCP, "connection": connection, **more}
    )


@pytest.mark.parametrize(
    ("connection", "more", "said", "fix"),
    [
        ("no-such-program --x", {}, "`no-such-program` was not found", "install it"),
        ("npx -y some-server", {}, "`npx` was not found", "Node.js"),
        ("./gone.sh", {}, "`./gone.sh` was not found", "install it"),
        ("https://a.example/${KEY}", {}, "`KEY`", "export KEY"),
        ("sh", {"env": {"TOKEN": "${KEY}"}}, "`KEY`", "export KEY"),
    ],
)
def test_what_keeps_a_server_from_starting_is_known_before(
    connection: str, more: dict[str, object], said: str, fix: str
) -> None:
    (problem,) = problems_before(config(connection, **more), {"PATH": "/nowhere"})
    assert said in problem.message
    assert fix in problem.fix


def test_a_program_that_is_there_and_a_variable_with_a_default_are_no_problem() -> None:
    assert problems_before(config(f"{sys.executable} x.py", env={"A": "${KEY:-b}"}), {}) == []


def test_a_schema_that_was_replaced_is_told() -> None:
    schema = {"type": "object", "properties": {"a": {}}}
    (problem,) = unusable_schemas({"a": schema, "b": schema}, {"a": schema, "b": {"type": "object"}})
    assert "`b`" in problem.message
    assert problem.exit_code is ToolsExit.OK


@pytest.mark.parametrize(
    ("codes", "ended"),
    [
        ([], ToolsExit.OK),
        ([ToolsExit.OK, ToolsExit.USAGE], ToolsExit.USAGE),
        ([ToolsExit.USAGE, ToolsExit.TOOL_ERROR, ToolsExit.NEEDS_AUTH], ToolsExit.NEEDS_AUTH),
        ([ToolsExit.NEEDS_AUTH, ToolsExit.UNREACHABLE], ToolsExit.UNREACHABLE),
    ],
)
def test_the_worst_problem_says_how_the_command_ends(codes: list[ToolsExit], ended: ToolsExit) -> None:
    assert worst(codes) is ended


def test_without_servers_it_says_where_they_come_from(tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "doctor") == 0
    assert "penguiflow tools import" in capfd.readouterr().out


@pytest.mark.process
def test_all_servers_are_looked_at_and_a_slow_one_holds_up_none(tmp_path: Path, capfd: CaptureFd) -> None:
    write_servers(
        tmp_path,
        slow=server_of(tiny_command("silent")),
        good=server_of(tiny_command()),
        gone={"command": "no-such-program-here"},
        secret={"url": "https://wiki.example/mcp", "headers": {"Authorization": "Bearer ${NO_SUCH_KEY}"}},
        off={"command": "x", "disabled": True},
        bad={"args": []},
    )
    for name in ("slow", "good"):
        tools(tmp_path, "connect", name, "--discover", "--trust", "--timeout", "1")
    capfd.readouterr()
    before = child_pids()
    assert tools(tmp_path, "doctor", "--timeout", "2", "--json") == 3
    findings = {finding["name"]: finding for finding in json_objects(capfd)}
    assert list(findings)[-1] == "slow"
    assert {name: finding["state"] for name, finding in findings.items()} == {
        "bad": "broken",
        "gone": "failed",
        "secret": "needs auth",
        "off": "disabled",
        "good": "ready",
        "slow": "failed",
    }
    assert findings["good"]["tool_count"] == 10
    assert findings["good"]["problems"] == []
    assert all(problem["fix"] for finding in findings.values() for problem in finding["problems"])
    assert child_pids() == before


@pytest.mark.process
def test_the_table_tells_each_problem_with_what_to_do(tmp_path: Path, capfd: CaptureFd) -> None:
    write_servers(tmp_path, gone={"command": "no-such-program-here"}, good=server_of(tiny_command()))
    tools(tmp_path, "connect", "good", "--discover", "--trust")
    capfd.readouterr()
    assert tools(tmp_path, "doctor") == 3
    lines = capfd.readouterr().out.splitlines()
    assert lines[0].split() == ["NAME", "STATE", "TOOLS", "LATENCY", "PROTOCOL"]
    at = lines.index("✗ gone  failed")
    assert lines[at + 1] == "    the program `no-such-program-here` was not found"
    assert lines[at + 2].startswith("    → install it")
    assert any(line.startswith("✓ good  ready") for line in lines)
    assert lines[-1] == "2 servers: 1 ready, 1 failed"


@pytest.mark.process
def test_one_server_that_is_named_is_looked_at_alone(tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "doctor", tiny_command()) == 0
    assert "1 server: 1 ready" in capfd.readouterr().out
