"""Signing in costs nothing until somebody signs in."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.process


def run_python(program: str) -> str:
    command = [sys.executable, "-W", "default", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_module_and_a_manager_load_none_of_the_optional_packages() -> None:
    program = """
import sys
from penguiflow.tools.oauth import *
manager = OAuthManager({"n": OAuthProviderConfig("n", "d", "https://a.b/c", "https://a.b/t", "c", "s", "https://d.e/f")})
manager.get_auth_request("n", "u", "t")
KeyringTokenStore(), FileTokenStore("x", "open sesame"), InMemoryTokenStore(), LoopbackRedirect()
optional = {"fastmcp", "mcp", "httpx", "httpx2", "authlib", "keyring", "cryptography", "anyio", "tenacity"}
print(sorted(set(sys.modules) & optional))
"""
    assert run_python(program) == "[]\n"


def test_missing_packages_are_named_with_the_command_that_installs_them() -> None:
    program = """
import asyncio, sys
sys.modules["httpx"] = sys.modules["mcp"] = sys.modules["keyring"] = None
from penguiflow.tools.oauth import *

async def main():
    for doing in (
        OAuthManager().discover("srv", "https://a.example/mcp"),
        KeyringTokenStore().get("ann", "srv"),
    ):
        try:
            await doing
        except Exception as error:
            print(type(error).__name__, error.hint)
    print(await keyring_or_memory())

asyncio.run(main())
"""
    lines = run_python(program).splitlines()
    assert lines[:2] == [
        "ToolConnectionError pip install 'penguiflow[tools]'",
        "ToolAuthError pip install 'penguiflow[tools]'",
    ]
    assert "the package `keyring` is not installed" in lines[2]
