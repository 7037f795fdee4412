"""The installed command with a careless agent: its output, its files and its crash reports hold no secret."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fakes import leaky_agent
from tests.fakes.leaky_agent import LOGGED_IN, digest
from tests.fakes.mcp_processes import http_server
from tests.fakes.openai_server import OpenAIServer
from tests.leaks.canaries import Canaries, files_below, rows_of
from tests.leaks.scene import BREAK_IN, LOG_IN, VISIBLE, Parrot, environment_of, write_project

pytestmark = pytest.mark.process

PENGUIFLOW = str(Path(sys.executable).with_name("penguiflow"))
WAIT_S = 60
INPUTS = (".mcp.json", LOGGED_IN)


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    with http_server() as (url, _):
        yield url


@dataclass(frozen=True)
class Done:
    code: int | None
    stdout: bytes
    stderr: bytes


@dataclass
class Project:
    folder: Path
    secrets: Canaries
    environment: dict[str, str]

    async def penguiflow(self, *arguments: str, target: str = "build_planner") -> Done:
        process = await asyncio.create_subprocess_exec(
            PENGUIFLOW,
            *arguments,
            *(("--agent", f"{leaky_agent.__file__}:{target}") if arguments[0] == "run" else ()),
            cwd=self.folder,
            env=self.environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(WAIT_S):
                stdout, stderr = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return Done(process.returncode, stdout, stderr)

    def places(self, *commands: Done) -> dict[str, bytes]:
        """Return all that these commands wrote."""
        places = {name: data for name, data in files_below(self.folder).items() if name not in INPUTS}
        for number, done in enumerate(commands):
            places |= {f"stdout {number}": done.stdout, f"stderr {number}": done.stderr}
        history = self.folder / ".penguiflow" / "history.sqlite3"
        return places | ({"rows": rows_of(history)} if history.exists() else {})


@asynccontextmanager
async def leaky_project(folder: Path, server_url: str) -> AsyncIterator[Project]:
    secrets = Canaries.new()
    write_project(folder, secrets, server_url)
    async with OpenAIServer.running(decide=Parrot(secrets)) as model:
        environment = {**os.environ, **environment_of(secrets), "LEAKY_API_BASE": model.base_url}
        yield Project(folder, secrets, environment)


def token_of(done: Done) -> str:
    return json.loads(done.stdout.splitlines()[-1])["resume_token"]


@pytest.mark.parametrize("options", [(), ("--json",)])
async def test_a_run_writes_no_secret_anywhere(
    tmp_path: Path, server_url: str, options: tuple[str, ...]
) -> None:
    async with leaky_project(tmp_path, server_url) as project:
        done = await project.penguiflow("run", BREAK_IN, *options)
        places = project.places(done)
        assert done.code == 0
        assert project.secrets.traces_in(places) == []
        for place in ("stdout 0", "rows", "cassette.jsonl"):
            assert VISIBLE.encode() in places[place]


async def test_a_waiting_call_is_stored_without_its_secrets_and_runs_with_those_a_person_gives(
    tmp_path: Path, server_url: str
) -> None:
    async with leaky_project(tmp_path, server_url) as project:
        secrets = project.secrets
        paused = await project.penguiflow("run", LOG_IN, "--json")
        resume = ("run", "--json", "--resume", token_of(paused), "--input")
        approved = await project.penguiflow(*resume, "approve")
        assert (approved.code, (tmp_path / LOGGED_IN).exists()) == (2, False)
        assert b"password: its value was not stored while the run waited" in approved.stderr

        args = {"user": VISIBLE, "password": secrets.argument, "pin": int(secrets.pin)}
        edited = await project.penguiflow(*resume, json.dumps({"decision": "edit", "args": args}))
        assert edited.code == 0
        assert (tmp_path / LOGGED_IN).read_text() == digest(secrets.argument, int(secrets.pin))
        assert secrets.traces_in(project.places(paused, approved, edited)) == []


async def test_a_crash_leaves_a_report_without_secrets(tmp_path: Path, server_url: str) -> None:
    async with leaky_project(tmp_path, server_url) as project:
        done = await project.penguiflow("run", VISIBLE, target="Failing")
        places = project.places(done)
        (report,) = (tmp_path / ".penguiflow" / "crash").iterdir()
        assert done.code == 1
        assert "cannot stop after" in report.read_text()
        assert "[redacted]" in report.read_text()
        assert project.secrets.traces_in(places) == []


@pytest.mark.parametrize(
    "options", [("list",), ("connect", "tiny", "--discover", "--trust"), ("connect", "wiki")]
)
async def test_the_servers_of_a_project_are_shown_without_their_secrets(
    tmp_path: Path, server_url: str, options: tuple[str, ...]
) -> None:
    async with leaky_project(tmp_path, server_url) as project:
        done = await project.penguiflow("tools", *options)
        assert (done.code, done.stderr) == (0, b"")
        assert b"tiny" in done.stdout or b"wiki" in done.stdout
        assert project.secrets.traces_in(project.places(done)) == []
