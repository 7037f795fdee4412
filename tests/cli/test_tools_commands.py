"""`penguiflow tools`: known servers, and what a real one offers."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from penguiflow_cli.app import exit_code_of
from tests.fakes.mcp_processes import child_pids, fastmcp_command, http_server, tiny_command

CaptureFd = pytest.CaptureFixture[str]
SECRET = "hunter2-and-more"


def write_servers(folder: Path, **servers: object) -> None:
    (folder / ".mcp.json").write_text(json.dumps({"mcpServers": servers}))


def tools(folder: Path, *arguments: str) -> int:
    return exit_code_of(["tools", *arguments, "--project-root", str(folder)])


def one_error(capfd: CaptureFd) -> tuple[str, str]:
    """Return message and hint; nothing else may be on stdout or stderr."""
    stdout, stderr = capfd.readouterr()
    assert stdout == ""
    message, hint = stderr.splitlines()
    assert message.startswith("✗ ")
    assert hint.startswith("  Hint: ")
    return message, hint


def json_object(capfd: CaptureFd) -> dict[str, Any]:
    stdout, stderr = capfd.readouterr()
    assert stderr == ""
    (line,) = stdout.splitlines()
    record: dict[str, Any] = json.loads(line)
    return record


def test_the_list_shows_the_presets_by_name(tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "list") == 0
    heading, columns, line, *rows = capfd.readouterr().out.splitlines()
    assert (heading, columns.split()) == ("Presets:", ["NAME", "TRANSPORT", "AUTH", "CONNECTION"])
    assert line == "-" * 64
    names = [row.split()[0] for row in rows]
    assert names == sorted(names)
    assert "github" in names


def test_the_list_shows_the_servers_of_the_project_without_secrets(tmp_path: Path, capfd: CaptureFd) -> None:
    write_servers(
        tmp_path,
        mine={"command": "my-server", "args": ["--fast"], "env": {"KEY": SECRET}},
        wiki={"url": f"https://me:{SECRET}@wiki.example/mcp", "headers": {"X-Key": SECRET}},
    )
    assert tools(tmp_path, "list") == 0
    text = capfd.readouterr().out
    assert tools(tmp_path, "list", "--json") == 0
    lines = capfd.readouterr().out
    assert "my-server --fast" in text.partition("Presets:")[0]
    own = [record for record in map(json.loads, lines.splitlines()) if record["source"] == "project"]
    assert [record["name"] for record in own] == ["mine", "wiki"]
    assert SECRET not in text + lines


def test_a_broken_server_file_is_named(tmp_path: Path, capfd: CaptureFd) -> None:
    write_servers(tmp_path, mine={"args": []})
    assert tools(tmp_path, "list") == 2
    assert ".mcp.json" in one_error(capfd)[0]


def test_without_discover_nothing_is_started_and_values_are_masked(tmp_path: Path, capfd: CaptureFd) -> None:
    started = tmp_path / "started"
    command = shlex.join(["touch", str(started)])
    assert tools(tmp_path, "connect", command, "--env", f"KEY={SECRET}") == 0
    stdout = capfd.readouterr().out
    for shown in (command, "KEY=***", "Dry run only. Use --discover to fetch tool list."):
        assert shown in stdout
    assert SECRET not in stdout
    assert not started.exists()


def test_a_dry_run_as_json_masks_as_well(tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "connect", "github", "--env", f"KEY={SECRET}", "--json") == 0
    record = json_object(capfd)
    assert (record["v"], record["type"], record["name"]) == (1, "server", "github")
    assert record["env"] == {"KEY": "***"}


@pytest.mark.parametrize("word", ["no-equals-sign", "=value"])
def test_a_variable_of_another_form_is_refused(word: str, tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "connect", "github", "--env", word) == 2
    assert "env" in one_error(capfd)[0]


@pytest.mark.parametrize("target", ["", "'not closed"])
def test_a_target_that_is_nothing_is_refused(target: str, tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "connect", target, "--discover") == 2
    assert "tools list" in one_error(capfd)[1]


@pytest.mark.process
def test_a_stdio_server_is_discovered_with_its_arguments(tmp_path: Path, capfd: CaptureFd) -> None:
    before = child_pids()
    assert tools(tmp_path, "connect", fastmcp_command(), "--discover") == 0
    stdout, stderr = capfd.readouterr()
    lines = stdout.splitlines()
    assert " - mcp_fastmcp.add: Add two numbers." in lines
    at = lines.index(" - mcp_fastmcp.add: Add two numbers.")
    assert lines[at + 1 : at + 3] == ["     a*: integer", "     b: integer = 1"]
    assert '     style: "short"|"long" = "short"' in lines
    assert stderr == ""
    assert child_pids() == before


@pytest.mark.process
def test_texts_of_a_server_cannot_control_the_terminal(tmp_path: Path, capfd: CaptureFd) -> None:
    for options in ([], ["--json"]):
        assert tools(tmp_path, "connect", tiny_command("hostile-text"), "--discover", *options) == 0
        assert not set(capfd.readouterr().out) & set("\x1b\x07\x9b\u202e")


@pytest.mark.process
def test_a_server_of_the_project_is_discovered_by_name_as_json(tmp_path: Path, capfd: CaptureFd) -> None:
    program, *arguments = shlex.split(fastmcp_command())
    write_servers(tmp_path, mine={"command": program, "args": arguments})
    assert tools(tmp_path, "connect", "mine", "--discover", "--json") == 0
    record = json_object(capfd)
    assert record["server"] == "fixture 2.5"
    add = next(tool for tool in record["tools"] if tool["name"] == "mine.add")
    assert add["args_schema"]["required"] == ["a"]


@pytest.mark.process
def test_an_http_server_is_discovered(tmp_path: Path, capfd: CaptureFd) -> None:
    with http_server() as (url, _):
        assert tools(tmp_path, "connect", url, "--discover", "--max-tools", "1") == 0
    lines = capfd.readouterr().out.splitlines()
    assert sum(line.startswith(" - ") for line in lines) == 1
    assert lines[-1].endswith("more)")


@pytest.mark.process
@pytest.mark.parametrize(
    ("target", "named"),
    [
        ("no-such-command-anywhere", "was not found"),
        ("http://127.0.0.1:9/mcp", "127.0.0.1:9"),
        (shlex.join([sys.executable, "-c", "raise SystemExit('no licence')"]), "exited"),
        ("sleep 60", "did not answer within 1 s"),
    ],
)
def test_a_server_that_cannot_be_reached_is_one_line_and_a_hint(
    target: str, named: str, tmp_path: Path, capfd: CaptureFd
) -> None:
    before = child_pids()
    timeout = "1" if target.startswith("sleep") else "10"
    assert tools(tmp_path, "connect", target, "--discover", "--timeout", timeout) == 6
    assert named in one_error(capfd)[0]
    assert child_pids() == before


@pytest.mark.process
def test_a_server_that_cannot_be_reached_is_a_json_line_too(tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "connect", "no-such-command-anywhere", "--discover", "--json") == 6
    stdout, stderr = capfd.readouterr()
    assert json.loads(stdout)["code"] == "unreachable"
    assert stderr.startswith("✗ ")
