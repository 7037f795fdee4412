"""Loading and using the optional packages: lazily, and without a trace on the terminal."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.fakes.mcp_processes import tiny_command

pytestmark = pytest.mark.process


def run_python(program: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "default", "-c", program]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_the_package_loads_without_the_optional_packages() -> None:
    program = """
import sys
import penguiflow.tools, penguiflow.tools.project, penguiflow.tools.target
optional = {"fastmcp", "mcp", "tenacity", "httpx", "httpx2", "anyio", "rich", "jsonschema",
    "utcp", "utcp_http", "utcp_cli", "aiohttp", "authlib", "keyring", "cryptography"}
print(sorted(set(sys.modules) & optional))
"""
    done = run_python(program)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_missing_packages_are_named_with_the_command_that_installs_them() -> None:
    program = """
import asyncio, sys
sys.modules["fastmcp"] = None
from penguiflow.registry import ModelRegistry
from penguiflow.tools import ExternalToolConfig, ToolConnectionError, ToolNode
node = ToolNode(ExternalToolConfig(name="a", transport="mcp", connection="cat"), ModelRegistry())
try:
    asyncio.run(node.connect())
except ToolConnectionError as error:
    print(error.hint, node.status.state)
"""
    done = run_python(program)
    assert (done.stdout, done.stderr) == ("pip install 'penguiflow[tools]' failed\n", "")


def test_connecting_calling_and_failing_print_nothing_and_leave_logging_alone() -> None:
    program = f"""
import asyncio, logging
from penguiflow.registry import ModelRegistry
from penguiflow.tools import ExternalToolConfig, ToolNode, ToolNodeError

async def use(connection):
    config = ExternalToolConfig(name="a", transport="mcp", connection=connection, timeout_s=2)
    node = ToolNode(config, ModelRegistry())
    try:
        await node.connect()
        await node.call("refuse", {{"text": "no"}})
    except ToolNodeError:
        pass
    await node.close()

async def main():
    await use({tiny_command("chatty")!r})
    await use({tiny_command("exit-3")!r})
    await use("http://127.0.0.1:9/mcp")
    await use("no-such-program")

asyncio.run(main())
assert logging.getLogger().handlers == []
assert [type(handler) for handler in logging.getLogger("fastmcp").handlers] == [logging.NullHandler]
assert logging.getLogger("fastmcp").propagate
"""
    done = run_python(program)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
