"""Run `penguiflow tools` in this process, and look at what it wrote."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from penguiflow_cli.app import exit_code_of


def write_servers(folder: Path, **servers: object) -> None:
    (folder / ".mcp.json").write_text(json.dumps({"mcpServers": servers}))


def server_of(command: str, **more: object) -> dict[str, object]:
    """Return the entry of a server file for a command line."""
    program, *arguments = shlex.split(command)
    return {"command": program, "args": arguments, **more}


def tools(folder: Path, *arguments: str) -> int:
    return exit_code_of(["tools", *arguments, "--project-root", str(folder)])


def one_error(capfd: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """Return message and hint; nothing else may be on stdout or stderr."""
    stdout, stderr = capfd.readouterr()
    assert stdout == ""
    message, hint = stderr.splitlines()
    assert message.startswith("✗ ")
    assert hint.startswith("  Hint: ")
    return message, hint


def json_objects(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]


def json_object(capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Return the one object on stdout; nothing may be on stderr."""
    stdout, stderr = capfd.readouterr()
    assert stderr == ""
    (line,) = stdout.splitlines()
    record: dict[str, Any] = json.loads(line)
    return record
