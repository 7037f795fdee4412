"""Sessions with MCP servers, opened as `ToolNode` does but without it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import AsyncGenerator, Generator, Sequence
from pathlib import Path

from penguiflow.tools._connecting.process import ServerCommand, ServerOutput, running_server
from penguiflow.tools._connecting.session import ToolSession
from penguiflow.tools._mcp.opening import open_pipes

_HERE = Path(__file__).parent
ENVIRONMENT = {"PATH": os.defpath, "HOME": "/nowhere", "LANG": "C.UTF-8"}


@contextlib.asynccontextmanager
async def stdio_session(
    arguments: Sequence[str], *, cwd: Path | None = None
) -> AsyncGenerator[ToolSession, None]:
    """Start a server and open a session over its pipes."""
    command = ServerCommand(
        arguments=arguments, environment=ENVIRONMENT, cwd=str(cwd) if cwd is not None else None
    )
    async with running_server(command, ServerOutput()) as process, open_pipes(process) as session:
        yield session


def stdio_script(
    script: str, *arguments: str, cwd: Path | None = None
) -> contextlib.AbstractAsyncContextManager[ToolSession]:
    """Start a script of this folder and open a session over its pipes."""
    return stdio_session([sys.executable, str(_HERE / script), *arguments], cwd=cwd)


@contextlib.contextmanager
def served(script: str, *arguments: str) -> Generator[str, None, None]:
    """Run a script of this folder that prints its URL first; yields that."""
    command = [sys.executable, str(_HERE / script), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
