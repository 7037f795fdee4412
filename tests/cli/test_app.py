"""The command line as a whole: help, version, wrong arguments."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from penguiflow._version import __version__
from penguiflow_cli.app import exit_code_of
from penguiflow_cli.exit_codes import exit_code_table

HEAVY = ("textual", "rich", "litellm", "fastmcp", "mcp", "penguiflow", "sqlite3", "asyncio")


def test_help_lists_the_commands_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(["--help"]) == 0
    stdout = capsys.readouterr().out
    for command in ("tui", "run", "tools"):
        assert f"  {command}" in stdout
    shown = [line.strip() for line in stdout.splitlines()]
    for line in exit_code_table().splitlines():
        assert line.strip() in shown


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of([]) == 0
    assert capsys.readouterr().out.startswith("Usage: penguiflow")


def test_the_version_is_the_librarys(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(["--version"]) == 0
    assert capsys.readouterr().out == f"penguiflow, version {__version__}\n"


@pytest.mark.parametrize(
    "command", [["tui"], ["run"], ["tools"], ["tools", "list"], ["tools", "connect"]], ids=" ".join
)
def test_every_command_explains_itself(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of([*command, "--help"]) == 0
    assert "Usage: penguiflow " + " ".join(command) in capsys.readouterr().out


def test_the_help_of_run_shows_how_to_go_on_and_the_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code_of(["run", "--help"]) == 0
    stdout = capsys.readouterr().out
    assert "--resume TOKEN --input approve" in stdout
    assert '"v": 1' in stdout


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["fly"], "fly"),
        (["run", "--loud"], "--loud"),
        (["run"], "no question"),
        (["run", "--input", "approve"], "--resume"),
        (["tools", "connect"], "NAME|COMMAND|URL"),
        (["tools", "connect", "x", "--timeout", "soon"], "--timeout"),
        (["run", "q", "--project-root", "no/such/folder"], "no/such/folder"),
        (["run", "q", "--project-root", __file__], "is a file"),
    ],
)
def test_wrong_arguments_are_named_on_stderr_with_exit_code_2(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code_of(arguments) == 2
    stdout, stderr = capsys.readouterr()
    assert stdout == ""
    assert stderr.startswith("✗ ")
    assert named in stderr
    assert "Hint:" in stderr


@pytest.mark.process
def test_help_loads_nothing_heavy(tmp_path: Path) -> None:
    probe = (
        "import sys; from penguiflow_cli.app import exit_code_of; exit_code_of(['run', '--help']);"
        "print(*(name for name in sys.argv[1:] if name in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe, *HEAVY],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        timeout=20,
    )
    assert done.stderr.strip() == ""
