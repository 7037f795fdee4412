"""MCP servers that nobody of this project wrote, and arguments that make sense to them."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import socket
import subprocess
import sysconfig
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.valid_arguments import LEFT_OUT

_NODE_MODULES = Path(__file__).parent.parent / "servers" / "node_modules"
_HANDSHAKE_ERA = "2025-11-25"
_STATELESS_ERA = "2026-07-28"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideServer:
    """One server.

    `known` are arguments by their name, or by `tool.name`, which are then given always; `first` are tools to
    call before the others; `refused` says how the server words its refusal of a tool. `typed` are values that
    results have to hold with exactly this type.
    """

    command: str
    protocol: str
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    known: Mapping[str, Any] = field(default_factory=dict[str, Any])
    first: Sequence[str] = ()
    refused: Mapping[str, str] = field(default_factory=dict[str, str])
    typed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    resources: Sequence[str] = ()

    def known_to(self, tool: str) -> dict[str, Any]:
        """Return the arguments that are known for one tool."""
        return {**self.known, **self.always(tool)}

    def always(self, tool: str) -> dict[str, Any]:
        """Return the arguments that a tool is given always: its defaults need the network, or time."""
        prefix = f"{tool}."
        return {
            key.removeprefix(prefix): value for key, value in self.known.items() if key.startswith(prefix)
        }


def everything(folder: Path) -> OutsideServer:
    return OutsideServer(
        command=_npm("everything"),
        protocol=_HANDSHAKE_ERA,
        known={
            "trigger-long-running-operation.duration": 0.01,
            "gzip-file-as-resource.data": "data:,hello",
        },
        refused={"simulate-research-query": "task"},
        typed={
            "get-structured-content": {"temperature": 73, "conditions": "Sunny / Clear", "humidity": 48},
            "get-sum": "The sum of 1 and 1 is 2.",
        },
        resources=("demo://resource/static/document/features.md", "demo://resource/dynamic/text/7"),
    )


def filesystem(folder: Path) -> OutsideServer:
    file = folder / "notes.txt"
    file.write_text("one\ntwo\n")
    return OutsideServer(
        command=f"{_npm('filesystem')} {shlex.quote(str(folder))}",
        protocol=_HANDSHAKE_ERA,
        known={
            "path": str(folder),
            "paths": [str(file)],
            "tail": LEFT_OUT,
            "source": str(folder / "made"),
            "destination": str(folder / "moved"),
            **{f"{tool}.path": str(file) for tool in ("read_file", "read_text_file", "read_media_file")},
            "write_file.path": str(folder / "made"),
            "edit_file.path": str(file),
            "oldText": "two",
            "newText": "two",
            "create_directory.path": str(folder / "new"),
        },
        typed={"read_text_file": {"content": "one"}},
        first=("read_text_file", "write_file"),
    )


def memory(folder: Path) -> OutsideServer:
    return OutsideServer(
        command=_npm("memory"),
        protocol=_HANDSHAKE_ERA,
        environment={"MEMORY_FILE_PATH": str(folder / "memory.jsonl")},
        typed={"read_graph": {"entities": [], "relations": []}},
        first=("create_entities", "create_relations", "add_observations"),
        resources=("memory://knowledge-graph",),
    )


def sequential_thinking(folder: Path) -> OutsideServer:
    return OutsideServer(command=_npm("sequential-thinking"), protocol=_HANDSHAKE_ERA)


def time(folder: Path) -> OutsideServer:
    return OutsideServer(
        command=_pypi("mcp-server-time"),
        protocol=_STATELESS_ERA,
        known={
            "timezone": "Europe/Rome",
            "source_timezone": "UTC",
            "target_timezone": "Asia/Tokyo",
            "time": "10:30",
        },
    )


def git(folder: Path) -> OutsideServer:
    repository = folder / "repository"
    _make_repository(repository)
    return OutsideServer(
        command=f"{_pypi('mcp-server-git')} --repository {shlex.quote(str(repository))}",
        protocol=_STATELESS_ERA,
        known={
            "repo_path": str(repository),
            "files": ["notes.txt"],
            "target": "HEAD",
            "revision": "HEAD",
            "start_timestamp": "2020-01-01",
            "end_timestamp": "2040-01-01",
            "branch_name": "new",
            "git_checkout.branch_name": "main",
            "base_branch": LEFT_OUT,
            "branch_type": "local",
            "contains": LEFT_OUT,
            "not_contains": LEFT_OUT,
        },
        first=("git_add", "git_commit"),
        typed={"git_add": "Files staged successfully"},
    )


@contextlib.contextmanager
def everything_over_http(transport: str) -> Generator[str]:
    """Run the server over `sse` or `streamableHttp` on a free loopback port; yields its URL."""
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port = chosen.getsockname()[1]  # the server takes no port 0
    process = subprocess.Popen(
        [*shlex.split(_npm("everything")), transport],
        env={"PATH": os.defpath, "PORT": str(port)},
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr is not None
    try:
        next(line for line in process.stderr if str(port) in line)
        yield f"http://127.0.0.1:{port}/{'sse' if transport == 'sse' else 'mcp'}"
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


SERVERS = (everything, filesystem, memory, sequential_thinking, time, git)


def _make_repository(folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.txt").write_text("one\n")
    for arguments in (
        ["init", "--quiet", "--initial-branch=main"],
        ["config", "user.name", "Ann"],
        ["config", "user.email", "ann@example.invalid"],
        ["add", "notes.txt"],
        ["commit", "--quiet", "--message=first"],
    ):
        subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)
    (folder / "notes.txt").write_text("one\ntwo\n")


def _npm(name: str) -> str:
    script = _NODE_MODULES / "@modelcontextprotocol" / f"server-{name}" / "dist" / "index.js"
    node = shutil.which("node")
    if (node is None or not script.exists()) and "CI" not in os.environ:
        pytest.skip("needs Node.js and the servers of npm: `make servers`")
    return shlex.join([node or "node", str(script)])


def _pypi(name: str) -> str:
    return shlex.quote(str(Path(sysconfig.get_path("scripts")) / name))
