"""A real session with a real store, real servers and a careless agent: no secret is left anywhere."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from penguiflow.llm.cassette import CassetteClient
from penguiflow.llm.litellm import LiteLLMClient
from penguiflow.logging import ExtraFormatter, StructuredFormatter
from penguiflow.planner.approvals import Approve, Edit
from penguiflow.redaction import RedactingFilter
from penguiflow.sessions import AgentSession, PlannerAgent
from penguiflow.sessions.results import RunResult
from penguiflow.state.events import to_record
from penguiflow.state.sqlite import SqliteStateStore
from tests.fakes.leaky_agent import LOGGED_IN, MODEL, build, digest
from tests.fakes.mcp_processes import http_server
from tests.fakes.openai_server import OpenAIServer
from tests.leaks.canaries import Canaries, files_below, rows_of
from tests.leaks.scene import BREAK_IN, EDIT, LOG_IN, VISIBLE, Parrot, environment_of, write_project

pytestmark = pytest.mark.process

WAIT_S = 20
INPUTS = (".mcp.json", LOGGED_IN)


@pytest.fixture(scope="module")
def server_url() -> Iterator[str]:
    with http_server() as (url, _):
        yield url


@dataclass
class Stage:
    session: AgentSession
    folder: Path
    secrets: Canaries
    parrot: Parrot
    logs: dict[str, io.StringIO]

    async def places(self) -> dict[str, bytes]:
        """Return everything that was stored, exported or logged until now."""
        await self.session.flush()
        events, _ = self.session.events_since(0)
        files = {name: data for name, data in files_below(self.folder).items() if name not in INPUTS}
        return {
            **files,
            "rows": rows_of(self.folder / "history.sqlite3"),
            "export": "\n".join(json.dumps(to_record(event)) for event in events).encode(),
            "events": repr(events).encode(),
            "connections": repr(self.session.connections).encode(),
            **{name: log.getvalue().encode() for name, log in self.logs.items()},
        }


@contextmanager
def captured_logs() -> Iterator[dict[str, io.StringIO]]:
    """Catch every record of every library, by our formatters and by a plain one behind our filter."""
    logs = {name: io.StringIO() for name in ("JSON log", "line log", "plain log")}
    handlers = [logging.StreamHandler(log) for log in logs.values()]
    handlers[0].setFormatter(StructuredFormatter())
    handlers[1].setFormatter(ExtraFormatter())
    handlers[2].setFormatter(logging.Formatter("%(name)s %(message)s"))
    handlers[2].addFilter(RedactingFilter())
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.DEBUG)
    for handler in handlers:
        root.addHandler(handler)
    try:
        yield logs
    finally:
        for handler in handlers:
            root.removeHandler(handler)
        root.setLevel(level)


@asynccontextmanager
async def leaky_session(folder: Path, server_url: str) -> AsyncIterator[Stage]:
    secrets = Canaries.new()
    parrot = Parrot(secrets)
    environment = environment_of(secrets)
    write_project(folder, secrets, server_url)
    with captured_logs() as logs:
        async with OpenAIServer.running(decide=parrot) as model:
            settings = {"model": MODEL, "api_base": model.base_url, "api_key": secrets.api_key}
            client = CassetteClient.record(
                LiteLLMClient(settings, tool_calling="json"), folder / "cassette.jsonl"
            )
            store = await SqliteStateStore.open(folder / "history.sqlite3")
            planner = build(client, state_store=store, project_root=folder, environment=environment)
            session = await AgentSession.open(PlannerAgent(planner), store)
            try:
                await session.start()
                await session.check_model()  # loads litellm, which takes seconds
                yield Stage(session, folder, secrets, parrot, logs)
            finally:
                await session.aclose()
                await store.aclose()


async def asked(session: AgentSession, question: str) -> RunResult:
    async with asyncio.timeout(WAIT_S):
        return await session.ask(question)


async def test_a_run_with_every_kind_of_secret_leaves_none_behind(tmp_path: Path, server_url: str) -> None:
    async with leaky_session(tmp_path, server_url) as stage:
        secrets = stage.secrets
        paused = await asked(stage.session, LOG_IN)
        assert paused.request is not None
        assert paused.request.call is not None
        assert paused.request.call.args == {"user": VISIBLE, "password": "[redacted]", "pin": "[redacted]"}
        assert secrets.traces_in({**await stage.places(), "result": repr(paused).encode()}) == []

        async with asyncio.timeout(WAIT_S):
            answered = await stage.session.decide(paused.request.request_id, Approve())

        assert (tmp_path / LOGGED_IN).read_text() == digest(secrets.argument, int(secrets.pin))
        assert stage.parrot.keys_seen == {secrets.api_key}
        places = {**await stage.places(), "result": repr(answered).encode()}
        assert answered.answer.startswith(f"{VISIBLE}: [redacted], [redacted] and ")
        assert secrets.traces_in(places) == []
        for place in ("rows", "cassette.jsonl", "export", "result"):
            assert VISIBLE.encode() in places[place]
        assert b"[redacted]" in places["plain log"]


async def test_a_tool_that_fails_with_secrets_in_its_hands_gives_none_away(
    tmp_path: Path, server_url: str
) -> None:
    async with leaky_session(tmp_path, server_url) as stage:
        answered = await asked(stage.session, BREAK_IN)
        places = await stage.places()
        assert answered.outcome == "answered"
        assert b"no entry with" in places["rows"]
        assert stage.secrets.traces_in(places) == []


async def test_a_secret_that_a_person_gives_reaches_the_tool_alone(tmp_path: Path, server_url: str) -> None:
    async with leaky_session(tmp_path, server_url) as stage:
        paused = await asked(stage.session, EDIT)
        assert paused.request is not None
        given = {"user": VISIBLE, "password": stage.secrets.edited_argument, "pin": int(stage.secrets.pin)}
        async with asyncio.timeout(WAIT_S):
            await stage.session.decide(paused.request.request_id, Edit(given))
        assert (tmp_path / LOGGED_IN).read_text() == digest(
            stage.secrets.edited_argument, int(stage.secrets.pin)
        )
        assert stage.secrets.traces_in(await stage.places()) == []
