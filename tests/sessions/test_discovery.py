"""Finding and building the user's agent in projects of many shapes."""

from __future__ import annotations

from pathlib import Path

import pytest

from penguiflow.planner.approvals import Respond
from penguiflow.sessions import Answered, OrchestratorAgent, Paused, PlannerAgent
from penguiflow.sessions.discovery import AgentLoadError, NoAgentFoundError, discover_agent
from penguiflow.state.in_memory import InMemoryStateStore
from tests.fakes.projects import FROM_ENV, ORCHESTRATOR, PAUSING_ORCHESTRATOR, PLAIN, PLANNER, SYNC
from tests.sessions.conftest import Project


async def test_a_builder_is_found_and_its_planner_answers(
    project: Project, tmp_path: Path, store: InMemoryStateStore
) -> None:
    package = project({"planner.py": SYNC})

    agent = discover_agent(tmp_path, state_store=store)

    assert isinstance(agent, PlannerAgent)
    assert (agent.name, agent.model) == (package, "scripted")
    assert agent.planner.state_store is store
    outcome = await agent.ask("hello", llm_context=None, tool_context={})
    assert isinstance(outcome, Answered)
    assert outcome.answer == "hi"


async def test_a_source_folder_comes_before_the_project_folder(
    project: Project, tmp_path: Path, store: InMemoryStateStore
) -> None:
    project({"planner.py": "raise RuntimeError('not this one')"})
    package = project({"planner.py": SYNC}, folder="src")

    assert discover_agent(tmp_path, state_store=store).name == package


async def test_an_orchestrator_of_any_package_is_preferred(
    project: Project, tmp_path: Path, store: InMemoryStateStore
) -> None:
    project({"planner.py": SYNC}, name="aa_builder_project")
    package = project({"orchestrator.py": ORCHESTRATOR}, name="bb_orchestrator_project")

    agent = discover_agent(tmp_path, state_store=store)

    assert isinstance(agent, OrchestratorAgent)
    assert agent.name == package
    assert await agent.ask("hello", llm_context=None, tool_context={"session_id": "s"}) == Answered(
        answer="hello for s", metadata={}
    )


async def test_an_orchestrator_may_pause_and_go_on(
    project: Project, tmp_path: Path, store: InMemoryStateStore
) -> None:
    project({"orchestrator.py": PAUSING_ORCHESTRATOR})
    agent = discover_agent(tmp_path, state_store=store)

    paused = await agent.ask("hello", llm_context=None, tool_context={})
    resumed = await agent.resume("token", Respond("blue"), session_id="s", trace_id="t")

    assert paused == Paused(reason="await_input", resume_token="token", payload={"question": "Colour?"})
    assert resumed == Answered(answer="you said blue", metadata={})


@pytest.mark.parametrize(
    "builder",
    [
        "def build_planner():\n    return make()\n",
        "def build_planner(event_callback=None, **_):\n    return make()\n",
        "def build_planner(state_store):\n    return make(state_store=state_store)\n",
        "class Bundle:\n    planner = make()\n\ndef build_planner():\n    return Bundle()\n",
    ],
)
async def test_a_planner_always_gets_the_store(
    project: Project, tmp_path: Path, store: InMemoryStateStore, builder: str
) -> None:
    project({"planner.py": PLANNER + builder})

    agent = discover_agent(tmp_path, state_store=store)

    assert isinstance(agent, PlannerAgent)
    assert agent.planner.state_store is store


async def test_a_store_that_the_author_chose_is_kept(
    project: Project, tmp_path: Path, store: InMemoryStateStore
) -> None:
    project(
        {"planner.py": PLANNER + "MINE = object()\ndef build_planner():\n    return make(state_store=MINE)\n"}
    )

    agent = discover_agent(tmp_path, state_store=store)

    assert isinstance(agent, PlannerAgent)
    assert agent.planner.state_store not in (None, store)


async def test_another_model_is_given_to_a_builder_that_takes_none(
    project: Project, tmp_path: Path, store: InMemoryStateStore
) -> None:
    project({"planner.py": PLANNER + "def build_planner():\n    return make()\n"})

    agent = discover_agent(tmp_path, state_store=store, model="openai/gpt-4o-mini")

    assert agent.model == "openai/gpt-4o-mini"


async def test_a_model_that_was_not_chosen_leaves_the_builder_its_own(
    project: Project, tmp_path: Path, store: InMemoryStateStore
) -> None:
    own = "from penguiflow.llm.scripted import ScriptedLLM\n"
    builder = "def build_planner(model='mine'):\n    return make(llm_client=ScriptedLLM([], model=model))\n"
    project({"planner.py": PLANNER + own + builder})

    assert discover_agent(tmp_path, state_store=store).model == "mine"
    assert discover_agent(tmp_path, state_store=store, model="other").model == "other"


async def test_another_model_for_an_orchestrator_that_takes_none_is_refused(
    project: Project, tmp_path: Path, store: InMemoryStateStore
) -> None:
    project({"orchestrator.py": ORCHESTRATOR})

    with pytest.raises(AgentLoadError, match="takes no `model`"):
        discover_agent(tmp_path, state_store=store, model="x")


async def test_an_async_builder_is_awaited_when_the_agent_opens(
    project: Project, tmp_path: Path, store: InMemoryStateStore
) -> None:
    project({"planner.py": PLANNER + "async def build_planner():\n    return make()\n"})

    agent = discover_agent(tmp_path, state_store=store)
    with pytest.raises(RuntimeError, match="is not open"):
        agent.check_ready()
    await agent.open()

    assert agent.model == "scripted"
    outcome = await agent.ask("hello", llm_context=None, tool_context={})
    assert isinstance(outcome, Answered)
    assert outcome.answer == "hi"


async def test_an_async_builder_that_fails_is_named_with_its_line(
    project: Project, tmp_path: Path, store: InMemoryStateStore
) -> None:
    package = project({"planner.py": "async def build_planner():\n    raise ValueError('no database')\n"})
    agent = discover_agent(tmp_path, state_store=store)

    with pytest.raises(
        AgentLoadError, match=rf"`{package}\.planner:build_planner` failed: ValueError: no data.*:2"
    ):
        await agent.open()


@pytest.mark.parametrize(
    ("builder", "config"),
    [
        ("def build_planner(config):\n    assert config.name == 'env'\n    return make()\n", FROM_ENV),
        ("def build_planner(settings):\n    assert settings.name == 'env'\n    return make()\n", FROM_ENV),
        ("def build_planner(*, config):\n    assert config.name == 'plain'\n    return make()\n", PLAIN),
        ("def build_planner(config=None):\n    assert config is None\n    return make()\n", None),
    ],
)
async def test_a_config_is_made_for_who_wants_one(
    project: Project, tmp_path: Path, store: InMemoryStateStore, builder: str, config: str | None
) -> None:
    project({"planner.py": PLANNER + builder} | ({"config.py": config} if config else {}))

    assert isinstance(discover_agent(tmp_path, state_store=store), PlannerAgent)


async def test_a_missing_config_is_told_with_the_parameter_that_needs_it(
    project: Project, tmp_path: Path, store: InMemoryStateStore
) -> None:
    project({"planner.py": "def build_planner(settings):\n    return None\n"})

    with pytest.raises(AgentLoadError, match="requires a config: its first parameter `settings`") as caught:
        discover_agent(tmp_path, state_store=store)

    assert "config.py" in str(caught.value.hint)


async def test_an_empty_project_is_told_by_its_folder(tmp_path: Path, store: InMemoryStateStore) -> None:
    with pytest.raises(NoAgentFoundError, match="it holds no package") as caught:
        discover_agent(tmp_path, state_store=store)

    assert str(tmp_path) in str(caught.value)
    assert "build_planner" in str(caught.value.hint)


async def test_a_package_without_an_agent_is_named(
    project: Project, tmp_path: Path, store: InMemoryStateStore
) -> None:
    package = project({"planner.py": "x = 1"})

    with pytest.raises(NoAgentFoundError, match=rf"looked into `{package}\.planner`, `{package}`"):
        discover_agent(tmp_path, state_store=store)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "import no_such_package_anywhere\n",
            r"ModuleNotFoundError: No module named 'no_such_pack.*planner\.py:1",
        ),
        ("x = 1\nx.y\n", r"AttributeError: .*planner\.py:2"),
        ("def build_planner(:\n", r"SyntaxError: .*planner\.py:1"),
        ("import sys\n\nsys.exit(3)\n", r"SystemExit: 3 .*planner\.py:3"),
    ],
)
async def test_a_module_that_cannot_be_imported_is_no_missing_agent(
    project: Project, tmp_path: Path, store: InMemoryStateStore, code: str, message: str
) -> None:
    package = project({"planner.py": code})

    with pytest.raises(AgentLoadError, match=rf"(?s)module `{package}\.planner` failed: {message}") as caught:
        discover_agent(tmp_path, state_store=store)

    assert caught.value.hint


async def test_a_broken_orchestrator_is_not_passed_over_for_a_builder(
    project: Project, tmp_path: Path, store: InMemoryStateStore
) -> None:
    project({"orchestrator.py": "import no_such_package_anywhere", "planner.py": SYNC})

    with pytest.raises(AgentLoadError, match="no_such_package_anywhere"):
        discover_agent(tmp_path, state_store=store)


async def test_a_broken_neighbour_does_not_matter(
    project: Project, tmp_path: Path, store: InMemoryStateStore
) -> None:
    project({"planner.py": "1 / 0"}, name="aa_broken_project")
    package = project({"planner.py": SYNC}, name="bb_working_project")

    assert discover_agent(tmp_path, state_store=store).name == package


@pytest.mark.parametrize(
    ("builder", "message"),
    [
        ("def build_planner():\n    return {}\n", "gives `dict`, which is no planner"),
        (
            "def build_planner():\n    return 1 / 0\n",
            r"failed: ZeroDivisionError: division by zero \(.*planner\.py:2",
        ),
        ("def build_planner(state_store, extra):\n    ...\n", "failed: TypeError: .*extra"),
    ],
)
async def test_a_builder_that_fails_is_named(
    project: Project, tmp_path: Path, store: InMemoryStateStore, builder: str, message: str
) -> None:
    project({"planner.py": builder})

    with pytest.raises(AgentLoadError, match=message):
        discover_agent(tmp_path, state_store=store)
