"""Loading the agent that was named."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from penguiflow.sessions import OrchestratorAgent, PlannerAgent
from penguiflow.sessions.discovery import AgentLoadError, NoAgentFoundError, load_agent
from penguiflow.state.in_memory import InMemoryStateStore
from tests.fakes.projects import ORCHESTRATOR, SYNC
from tests.sessions.conftest import Project


@pytest.mark.parametrize("name", ["build_planner", "PLANNER", "BUNDLE", "other_builder"])
async def test_an_agent_is_loaded_by_name(
    project: Project, tmp_path: Path, store: InMemoryStateStore, name: str
) -> None:
    more = (
        "PLANNER = make()\n"
        "class Bundle:\n    planner = make()\n\n"
        "BUNDLE = Bundle()\n"
        "def other_builder():\n    return make()\n"
    )
    package = project({"agents.py": SYNC + more})

    agent = load_agent(f"{package}.agents:{name}", tmp_path, state_store=store)

    assert isinstance(agent, PlannerAgent)
    assert (agent.name, agent.planner.state_store) == (package, store)


async def test_an_orchestrator_class_is_loaded_by_any_name(
    project: Project, tmp_path: Path, store: InMemoryStateStore
) -> None:
    package = project({"work.py": ORCHESTRATOR.replace("EchoOrchestrator", "Desk")})

    assert isinstance(load_agent(f"{package}.work:Desk", tmp_path, state_store=store), OrchestratorAgent)


async def test_a_module_alone_gives_its_agent(
    project: Project, tmp_path: Path, store: InMemoryStateStore
) -> None:
    package = project({"agents.py": SYNC, "empty.py": ""})

    assert isinstance(load_agent(f"{package}.agents", tmp_path, state_store=store), PlannerAgent)
    with pytest.raises(NoAgentFoundError, match="holds neither"):
        load_agent(f"{package}.empty", tmp_path, state_store=store)


async def test_an_agent_is_loaded_from_a_file(tmp_path: Path, store: InMemoryStateStore) -> None:
    (tmp_path / "one_file_agent.py").write_text(SYNC, encoding="utf-8")
    try:
        agent = load_agent("one_file_agent.py:build_planner", tmp_path, state_store=store)
    finally:
        sys.modules.pop("one_file_agent", None)

    assert agent.name == "one_file_agent"


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("no_such_module_here:x", "there is no module `no_such_module_here`"),
        ("missing_file.py:x", "there is no file"),
        ("{package}.planner:biuld_planner", "has no `biuld_planner`"),
        ("{package}.planner:", "names no agent"),
        ("{package}.planner:Args", "requires a config"),
    ],
)
async def test_a_name_that_leads_nowhere_says_what_is_wrong(
    project: Project, tmp_path: Path, store: InMemoryStateStore, target: str, message: str
) -> None:
    package = project({"planner.py": SYNC})

    with pytest.raises(AgentLoadError, match=message) as caught:
        load_agent(target.format(package=package), tmp_path, state_store=store)

    assert caught.value.hint
