"""Tool servers that a person gives to an agent: which are asked about, started, left out or switched off."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from penguiflow.planner.approvals import Approve
from penguiflow.sessions.agent_port import AgentOutcome, Paused
from penguiflow.sessions.loading import AgentLoadError
from penguiflow.sessions.session import AgentSession
from penguiflow.state.in_memory import InMemoryStateStore
from penguiflow.tools.errors import ToolConnectionError
from penguiflow.tools.oauth import SignInOutcome
from penguiflow.tools.project import ServerEntry
from penguiflow.tools.trust import TrustQuestion, TrustStore
from penguiflow_cli._agent_servers import AgentServers, ServerChoice, servers_of_choice
from penguiflow_cli._agents import AgentChoice, choose_agent
from penguiflow_cli._errors import CommandError
from penguiflow_cli._sign_in_follower import SignInFollower
from penguiflow_cli._tools_places import PersonalFolder
from penguiflow_cli.project import Project
from tests.fakes.agent import FakeAgent, Working
from tests.fakes.command import penguiflow
from tests.fakes.projects import ORCHESTRATOR, SYNC
from tests.sessions.conftest import Project as WriteProject
from tests.sessions.conftest import project as project

TINY = {"command": sys.executable, "args": [str(Path(__file__).parents[2] / "fakes" / "mcp_tiny.py")]}


def write(path: Path, **servers: object) -> Path:
    path.write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")
    return path


class Answers:
    """A person whose answer to every question is known."""

    def __init__(self, answer: bool) -> None:
        self.answer = answer
        self.asked: list[str] = []
        self.told: list[str] = []

    async def __call__(self, question: TrustQuestion, entry: ServerEntry, store: TrustStore) -> bool:
        self.asked.append(question.name)
        if self.answer:
            store.trust(question)
        return self.answer

    async def servers(self, root: Path, choice: ServerChoice) -> AgentServers:
        folder = PersonalFolder(path=root / "personal")
        return await servers_of_choice(choice, root, folder, ask=self, tell=self.told.append)


async def test_a_file_gives_its_servers_once_somebody_said_yes(tmp_path: Path) -> None:
    choice = ServerChoice(mcp_config=[write(tmp_path / "mine.json", tiny=TINY)])
    no, yes = Answers(False), Answers(True)

    refused = await no.servers(tmp_path, choice)
    assert (no.asked, [node.name for node in refused.nodes()]) == (["tiny"], [])
    assert no.told == ["`tiny` is not started"]

    allowed = await yes.servers(tmp_path, choice)
    assert [node.status.state for node in allowed.nodes()] == ["idle"]

    again = await yes.servers(tmp_path, choice)
    assert (yes.asked, len(again.nodes())) == (["tiny"], 1)
    assert allowed.nodes()[0] is not allowed.nodes()[0]


async def test_the_servers_of_the_project_need_to_be_asked_for(tmp_path: Path) -> None:
    write(tmp_path / ".mcp.json", own=TINY)
    mine = write(tmp_path / "mine.json", tiny=TINY)
    person = Answers(True)

    await person.servers(tmp_path, ServerChoice(mcp_config=[mine]))
    assert person.asked == ["tiny"]

    servers = await person.servers(tmp_path, ServerChoice(mcp_config=[mine], project_servers=True))
    assert person.asked == ["tiny", "own"]
    assert {node.name for node in servers.nodes()} == {"own", "tiny"}


async def test_a_server_that_is_switched_off_is_shown_and_cannot_be_started_unasked(tmp_path: Path) -> None:
    person = Answers(True)
    file = write(tmp_path / "mine.json", tiny={**TINY, "disabled": True})

    servers = await person.servers(tmp_path, ServerChoice(mcp_config=[file]))

    (node,) = servers.nodes()
    assert (person.asked, node.status.state) == ([], "disabled")
    with pytest.raises(ToolConnectionError, match="nobody was asked"):
        await node.set_enabled(True)
    assert node.status.state == "disabled"


async def test_a_broken_entry_is_told_and_the_others_are_there(tmp_path: Path) -> None:
    person = Answers(True)
    file = write(tmp_path / "mine.json", tiny=TINY, broken={"command": 7})

    servers = await person.servers(tmp_path, ServerChoice(mcp_config=[file]))

    assert [node.name for node in servers.nodes()] == ["tiny"]
    assert any("broken" in line for line in person.told)


async def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"missing\.json"):
        await Answers(True).servers(tmp_path, ServerChoice(mcp_config=[tmp_path / "missing.json"]))


async def test_an_agent_gets_the_servers_beside_its_own_tools(tmp_path: Path, project: WriteProject) -> None:
    package = project({"planner.py": SYNC})
    servers = await Answers(True).servers(
        tmp_path, ServerChoice(mcp_config=[write(tmp_path / "mine.json", tiny=TINY)])
    )
    choice = AgentChoice(target=f"{package}.planner", servers=servers)

    agent = choose_agent(choice, Project(root=tmp_path), InMemoryStateStore(), lambda line: None)

    assert [each.name for each in agent.connections] == ["tiny"]
    await agent.aclose()


async def test_an_agent_that_takes_no_further_tools_says_how_it_could(
    tmp_path: Path, project: WriteProject
) -> None:
    package = project({"orchestrator.py": ORCHESTRATOR})
    servers = await Answers(True).servers(
        tmp_path, ServerChoice(mcp_config=[write(tmp_path / "mine.json", tiny=TINY)])
    )
    choice = AgentChoice(target=f"{package}.orchestrator", servers=servers)

    with pytest.raises(CommandError, match="takes no `tool_sources`") as told:
        choose_agent(choice, Project(root=tmp_path), InMemoryStateStore(), lambda line: None)

    assert isinstance(told.value.__cause__, AgentLoadError)
    assert "tool_sources=()" in str(told.value.hint)


class Manager:
    """Tells that somebody came back from a sign-in."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[SignInOutcome], None]] = []

    def on_outcome(self, listener: Callable[[SignInOutcome], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def signed_in(self, *, state: str, error: str | None = None) -> None:
        outcome = SignInOutcome(user_id="local", provider="wiki", trace_id="", state=state, error=error)
        for listener in list(self.listeners):
            listener(outcome)


async def waits_for_consent() -> AgentOutcome:
    payload = {"pause_type": "oauth", "provider": "wiki", "state": "s-1"}
    return Paused(reason="external_event", resume_token="token-1", payload=payload)


async def test_a_run_goes_on_when_its_person_comes_back(tmp_path: Path) -> None:
    going_on = Working()
    agent = FakeAgent(waits_for_consent, going_on)
    session = await AgentSession.open(agent, InMemoryStateStore())
    manager = Manager()
    follower = SignInFollower(session, manager)
    await session.ask("q")

    manager.signed_in(state="another")
    manager.signed_in(state="s-1", error="denied")
    assert session.pending
    manager.signed_in(state="s-1")

    await asyncio.wait_for(going_on.began.wait(), 5)
    assert agent.decided == [("token-1", Approve())]
    await follower.aclose()
    assert manager.listeners == []
    await session.aclose()


@pytest.mark.process
def test_run_refuses_to_start_an_unknown_server_without_a_terminal(tmp_path: Path) -> None:
    write(tmp_path / ".mcp.json", tiny=TINY)
    question = ("run", "what is 2 + 3?", "--agent", "demo", "--project-servers")

    refused = penguiflow(tmp_path, *question)
    assert refused.returncode == 2
    assert "`tiny`" in refused.stderr
    assert "--trust" in refused.stderr

    allowed = penguiflow(tmp_path, *question, "--trust", "--json")
    assert allowed.returncode == 0, allowed.stderr
    connections = [
        line for line in map(json.loads, allowed.stdout.splitlines()) if line["type"] == "connection"
    ]
    assert ("tiny", "ready") in [(line["name"], line["state"]) for line in connections]
