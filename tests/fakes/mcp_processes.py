"""Start the test servers and look at what is left of them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

_HERE = Path(__file__).parent


def tiny_command(*arguments: str) -> str:
    """Return the command line of the server that misbehaves on request."""
    return shlex.join([sys.executable, str(_HERE / "mcp_tiny.py"), *arguments])


def fastmcp_command() -> str:
    """Return the command line of the real FastMCP server over stdio."""
    return shlex.join([sys.executable, str(_HERE / "mcp_fastmcp.py")])


def fuzz_command(script: Sequence[str]) -> str:
    """Return the command line of the server that plays a script of misbehaviour."""
    return shlex.join([sys.executable, "-I", "-S", str(_HERE / "mcp_fuzz.py"), json.dumps(script)])


@contextlib.contextmanager
def http_server(transport: str = "http") -> Generator[tuple[str, subprocess.Popen[str]], None, None]:
    """Run the FastMCP server over HTTP; yields its URL and the process."""
    command = [sys.executable, str(_HERE / "mcp_fastmcp.py"), transport]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip(), process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def child_pids() -> set[int]:
    """Return the children of this process, those that are dead but not reaped included."""
    own = os.getpid()
    return {
        int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _parent(entry) == own
    }


def is_running(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something outside this process has happened, which only asking can find out."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 no event comes from another process
            await asyncio.sleep(0.01)


def _parent(entry: Path) -> int | None:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None
