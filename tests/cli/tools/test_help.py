"""The help of `penguiflow tools`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from penguiflow_cli._tools_exit import ToolsExit, process_code, tools_exit_table
from penguiflow_cli.app import exit_code_of

COMMANDS = ("list", "connect", "call", "login", "logout", "import", "doctor")


@pytest.mark.parametrize("command", [[], *([command] for command in COMMANDS)], ids=" ".join)
def test_every_command_explains_itself_and_its_exit_codes(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code_of(["tools", *command, "--help"]) == 0
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0].startswith("Usage: penguiflow tools")
    for line in tools_exit_table().splitlines():
        assert line.strip() in lines


def test_the_exit_codes_are_those_that_scripts_rely_on() -> None:
    numbers = {code.name: process_code(code).value for code in ToolsExit}
    assert numbers == {
        "OK": 0,
        "FAILED": 1,
        "USAGE": 2,
        "UNREACHABLE": 3,
        "NEEDS_AUTH": 4,
        "TOOL_ERROR": 5,
        "INTERRUPTED": 130,
    }


@pytest.mark.parametrize(
    "arguments", [["call"], ["call", "x"], ["login"], ["connect", "x", "--transport", "smoke"]]
)
def test_wrong_arguments_end_with_exit_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code_of(["tools", *arguments]) == 2
    assert "Hint:" in capsys.readouterr().err


@pytest.mark.process
def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    probe = (
        "import sys; from penguiflow_cli.app import exit_code_of; exit_code_of(['tools', 'call', '--help']);"
        "print(*(name for name in sys.argv[1:] if name in sys.modules), file=sys.stderr)"
    )
    heavy = ("rich", "fastmcp", "mcp", "penguiflow", "asyncio", "platformdirs", "keyring")
    done = subprocess.run(
        [sys.executable, "-c", probe, *heavy],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        timeout=20,
    )
    assert done.stderr.strip() == ""
