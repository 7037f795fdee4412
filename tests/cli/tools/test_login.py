"""`penguiflow tools login`: a person signs in once, and other commands act in their name."""

from __future__ import annotations

import asyncio
import contextlib
import json
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from penguiflow.tools.oauth import LoopbackRedirect, OAuthManager
from penguiflow.tools.oauth import sign_in as finish_sign_in
from penguiflow_cli._tools_login import take_pasted_addresses
from tests.fakes.command import PENGUIFLOW
from tests.fakes.members_server import members_server
from tests.fakes.oauth_person import allow, come_back
from tests.fakes.tools_commands import one_error, tools
from tests.fakes.tools_person import TypingPerson

CaptureFd = pytest.CaptureFixture[str]
WAIT_S = 60


@contextlib.asynccontextmanager
async def running(folder: Path, *arguments: str) -> AsyncGenerator[Process]:
    process = await asyncio.create_subprocess_exec(
        PENGUIFLOW,
        "tools",
        *arguments,
        cwd=folder,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def ended(folder: Path, *arguments: str) -> tuple[int | None, str, str]:
    async with running(folder, *arguments) as process, asyncio.timeout(WAIT_S):
        stdout, stderr = await process.communicate()
    return process.returncode, stdout.decode(), stderr.decode()


async def sign_in(folder: Path, url: str, *options: str) -> list[dict[str, Any]]:
    """Sign in as a person with a browser does; return the lines the command wrote."""
    command = ("login", url, "--no-browser", "--store", "file", "--json", *options)
    async with running(folder, *command) as process, asyncio.timeout(WAIT_S):
        assert process.stdout is not None
        shown = json.loads(await process.stdout.readline())
        await come_back(await allow(shown["auth_url"]))
        stdout, stderr = await process.communicate()
    assert (process.returncode, stderr) == (0, b"")
    return [shown, *map(json.loads, stdout.splitlines())]


@pytest.mark.process
async def test_a_sign_in_serves_other_commands_until_the_sign_out(tmp_path: Path, home: Path) -> None:
    async with members_server() as url:
        refused, _, hint = await ended(tmp_path, "connect", url, "--discover")
        assert refused == 4
        assert f"penguiflow tools login {url}" in hint
        asked, signed_in = await sign_in(tmp_path, url)
        assert (asked["type"], signed_in["type"]) == ("sign_in", "signed_in")
        assert await ended(tmp_path, "call", url, "whoami") == (0, "a member\n", "")
        stored = home / ".config" / "penguiflow" / "tokens.json"
        assert stored.stat().st_mode & 0o077 == 0
        code, stdout, _ = await ended(tmp_path, "logout", url)
        assert (code, "Signed out" in stdout) == (0, True)


async def test_the_address_a_browser_elsewhere_ended_on_can_be_pasted() -> None:
    shown: asyncio.Queue[str] = asyncio.Queue()
    async with (
        members_server() as url,
        OAuthManager(redirect=LoopbackRedirect()) as manager,
        asyncio.timeout(WAIT_S),
    ):
        signing = asyncio.create_task(finish_sign_in(manager, "m", url, "local", show=shown.put_nowait))
        person = TypingPerson("", "no address", await allow(await shown.get()))
        await take_pasted_addresses(manager, person)
        await signing
        assert await manager.get_token("local", "m")
    assert any(line.startswith("  ") for line in person.told)


@pytest.mark.process
async def test_without_a_keyring_it_says_how_to_keep_the_sign_in(tmp_path: Path) -> None:
    async with members_server() as url:
        code, _, stderr = await ended(tmp_path, "login", url, "--no-browser")
    assert code == 4
    assert "--store file" in stderr


def test_a_command_has_no_page_to_sign_in_at(tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "login", "github") == 2
    assert "GITHUB_PERSONAL_ACCESS_TOKEN" in one_error(capfd)[1]


@pytest.mark.process
def test_a_server_that_is_not_there_is_unreachable(tmp_path: Path, capfd: CaptureFd) -> None:
    assert tools(tmp_path, "login", "http://127.0.0.1:9/mcp", "--no-browser", "--store", "file") == 3
    assert one_error(capfd)[0]
