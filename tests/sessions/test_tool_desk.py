"""What a person does with tool connections outside of a run, over a session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from penguiflow.registry import ModelRegistry
from penguiflow.sessions.results import NotPossibleError, UnknownConnectionError
from penguiflow.sessions.session import AgentSession
from penguiflow.state.events import OutputCaptured
from penguiflow.tools.config import AuthType, ExternalToolConfig, TransportType
from penguiflow.tools.errors import ToolAuthError, ToolNodeError
from penguiflow.tools.node import ToolNode
from penguiflow_tui.demo.agent import notes_connection
from tests.fakes.agent import FakeAgent, FakeConnection, answers
from tests.sessions.conftest import OpenSession

NOTE = {"title": "Ada", "text": "calls back"}


class ClosingAgent(FakeAgent):
    """Closes its connections, as real agents do."""

    async def aclose(self) -> None:
        for each in self.connections:
            await each.close()


@pytest.fixture
async def session(open_session: OpenSession, tmp_path: Path) -> AsyncIterator[AgentSession]:
    """A session with the notes server of the demo, in a process of its own."""
    node = notes_connection(tmp_path / "notes.sqlite3")
    session = await open_session(ClosingAgent(connections=[node]))
    await session.start()
    yield session
    await session.aclose()


def logged(session: AgentSession) -> list[str]:
    return [each.body.text for each in session.events_since(0)[0] if isinstance(each.body, OutputCaptured)]


@pytest.mark.process
async def test_a_tool_is_tried_switched_off_and_on(session: AgentSession) -> None:
    desk = session.tools
    assert "save_note" in [offer["name"] for offer in await desk.offers("notes")]
    assert "notes.save_note" in desk.usable_tools("notes")
    assert desk.asks_first("notes", "notes.save_note")
    assert not desk.asks_first("notes", "notes.search_notes")
    assert desk.check("notes", "notes.save_note", {"title": 7}) != ()
    assert desk.check("notes", "notes.save_note", NOTE) == ()

    await desk.call("notes", "notes.save_note", NOTE)

    assert "`notes.save_note`, called by hand, answered" in logged(session)[-1]
    assert "Ada" not in logged(session)[-1]

    assert (await desk.set_enabled("notes", False)).state == "disabled"
    with pytest.raises(NotPossibleError, match=r"no tool `notes\.save_note` now"):
        await desk.call("notes", "notes.save_note", NOTE)
    assert (await desk.reconnect("notes")).state == "disabled"
    assert (await desk.set_enabled("notes", True)).state == "ready"


async def test_what_a_connection_cannot_do_is_refused_in_words(open_session: OpenSession) -> None:
    session = await open_session(FakeAgent(connections=[FakeConnection("plain")]))
    await session.start()
    desk = session.tools

    assert await desk.offers("plain") == ()
    assert desk.changes("plain") == {}
    with pytest.raises(NotPossibleError, match="cannot be switched off"):
        await desk.set_enabled("plain", False)
    with pytest.raises(NotPossibleError, match="nobody signs in"):
        await desk.begin_sign_in("plain")
    with pytest.raises(UnknownConnectionError):
        await desk.offers("other")


def for_people() -> ToolNode:
    config = ExternalToolConfig(
        name="wiki",
        transport=TransportType.MCP,
        connection="http://127.0.0.1:9/mcp",
        auth_type=AuthType.OAUTH2_USER,
    )
    return ToolNode(config, ModelRegistry(), environment={})


async def test_a_tool_that_acts_for_people_is_told_who_asks(open_session: OpenSession) -> None:
    agent = FakeAgent(answers("ok"), answers("ok"), connections=[for_people()])
    session = await open_session(agent, user_id="ada")
    await session.ask("q")
    assert agent.asked[-1][1]["user_id"] == "ada"
    await session.ask("q", tool_context={"user_id": "ben"})
    assert agent.asked[-1][1]["user_id"] == "ben"


async def test_an_agent_whose_tools_act_for_nobody_is_not_told(open_session: OpenSession) -> None:
    agent = FakeAgent(answers("ok"), connections=[FakeConnection("plain")])
    session = await open_session(agent, user_id="ada")
    await session.ask("q")
    assert "user_id" not in agent.asked[-1][1]


async def test_a_sign_in_that_nobody_knows_is_an_error_with_a_hint(open_session: OpenSession) -> None:
    session = await open_session(FakeAgent(connections=[for_people()]), user_id="ada")
    await session.start()
    with pytest.raises(ToolNodeError) as told:
        await session.tools.begin_sign_in("wiki")
    assert isinstance(told.value, ToolAuthError)
    assert told.value.hint
