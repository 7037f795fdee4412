"""Section 3: what a planner is made of, and what it is without saying."""

from __future__ import annotations

import inspect
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

import pytest

from penguiflow import InMemoryArtifactStore, ModelRegistry, Node, NoOpArtifactStore
from penguiflow.planner import ReactPlanner
from penguiflow.planner.memory import ShortTermMemoryConfig
from penguiflow.planner.models import ReflectionConfig
from tests.contract.planner.fakes_a import Client, Echoed, Text, Tools, end, ended, planner_of, use

DEFAULTS = {
    "llm": None, "nodes": None, "catalog": None, "registry": None, "llm_client": None, "max_iters": 8,
    "temperature": 0.0, "json_schema_mode": True, "system_prompt_extra": None, "token_budget": None,
    "pause_enabled": True, "state_store": None, "artifact_store": None, "observation_guardrail": None,
    "summarizer_llm": None, "planning_hints": None, "repair_attempts": 3, "max_consecutive_arg_failures": 3,
    "arg_fill_enabled": True, "deadline_s": None, "hop_budget": None, "time_source": None,
    "event_callback": None, "llm_timeout_s": 60.0, "llm_max_retries": 3, "use_native_reasoning": True,
    "reasoning_effort": None, "absolute_max_parallel": 50, "reflection_config": None, "reflection_llm": None,
    "tool_policy": None, "stream_final_response": False, "short_term_memory": None, "error_recovery": None,
    "multi_action_sequential": False, "multi_action_read_only_only": True, "multi_action_max_tools": 2,
    "cost_limit_usd": None, "on_limit": "end", "max_repeated_calls": 3,
}  # fmt: skip


async def plain(args: Text, ctx: Any) -> Echoed:
    return Echoed(said=args.text)


def registry_of_plain() -> ModelRegistry:
    registry = ModelRegistry()
    registry.register("plain", Text, Echoed)
    return registry


@pytest.mark.parametrize(("name", "default"), DEFAULTS.items())
def test_a_keyword_has_its_default(name: str, default: Any) -> None:
    assert inspect.signature(ReactPlanner).parameters[name].default == default


def test_only_the_model_may_be_given_by_position() -> None:
    kinds = {name: p.kind for name, p in inspect.signature(ReactPlanner).parameters.items()}
    assert kinds.pop("llm") is inspect.Parameter.POSITIONAL_OR_KEYWORD
    assert set(kinds.values()) == {inspect.Parameter.KEYWORD_ONLY}


def test_the_default_of_parallel_branches_is_a_constant_of_the_class() -> None:
    assert ReactPlanner.DEFAULT_MAX_PARALLEL == 50


@pytest.mark.parametrize("name", ["background_tasks", "guardrail_gateway", "use_native_llm"])
def test_what_is_out_of_scope_is_not_accepted(name: str) -> None:
    options: dict[str, Any] = {name: None}
    with pytest.raises(TypeError, match=name):
        ReactPlanner(llm_client=Client(), catalog=[], **options)


@pytest.mark.parametrize(
    "options",
    [
        {"llm_client": Client()},
        {"llm_client": Client(), "nodes": [Node(plain)]},
        {"llm_client": Client(), "registry": registry_of_plain()},
        {"catalog": []},
        {"nodes": [Node(plain)], "registry": registry_of_plain()},
    ],
    ids=["no tools", "nodes without registry", "registry without nodes", "no model", "no model, with nodes"],
)
def test_a_planner_without_tools_or_without_model_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"catalog|llm"):
        ReactPlanner(**options)


async def test_nodes_with_a_registry_are_tools() -> None:
    planner = ReactPlanner(
        llm_client=Client(use("plain", text="a"), end()), nodes=[Node(plain)], registry=registry_of_plain()
    )
    assert ended(await planner.run("q")).metadata["steps"][0]["observation"] == {"said": "a"}


async def test_the_catalog_wins_over_nodes() -> None:
    client = Client(end())
    planner = ReactPlanner(
        llm_client=client, catalog=[Tools().named("mine")], nodes=[Node(plain)], registry=registry_of_plain()
    )
    await planner.run("q")
    assert {spec.name for spec in planner.visible_tools()} == {"mine"}


async def test_an_injected_client_wins_over_a_model_name() -> None:
    client = Client(end("injected"))
    planner = ReactPlanner("gpt-4o", llm_client=client, catalog=[])
    assert ended(await planner.run("q")).payload["raw_answer"] == "injected"


@pytest.mark.process
@pytest.mark.parametrize("llm", ["'gpt-4o'", "{'model': 'gpt-4o', 'temperature': 0.2}"])
def test_litellm_is_not_imported_before_the_first_call(llm: str) -> None:
    program = (
        "import sys; from penguiflow.planner import ReactPlanner; "
        f"ReactPlanner({llm}, catalog=[]); print('litellm' in sys.modules)"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert shown.stdout.strip() == "False"


def test_a_separate_critic_must_be_named() -> None:
    config = ReflectionConfig(enabled=True, use_separate_llm=True)
    with pytest.raises(ValueError, match="reflection_llm"):
        planner_of(Client(), reflection_config=config)
    planner_of(Client(), reflection_config=config, reflection_llm="gpt-4o-mini")


@pytest.mark.parametrize(
    "model", ["gpt-4o-mini", {"model": "gpt-4o-mini"}, Client()], ids=["name", "mapping", "client"]
)
def test_further_models_may_be_named_or_given(model: Any) -> None:
    planner_of(
        Client(),
        summarizer_llm=model,
        reflection_config=ReflectionConfig(enabled=True, use_separate_llm=True),
        reflection_llm=model,
        short_term_memory=ShortTermMemoryConfig(strategy="rolling_summary", summarizer_model=model),
    )


async def test_the_clock_is_the_monotonic_one_unless_given() -> None:
    before = time.monotonic()
    result = ended(await planner_of(Client(end()), deadline_s=1000).run("q"))
    assert before + 1000 <= result.metadata["constraints"]["deadline_at"] <= time.monotonic() + 1000

    result = ended(await planner_of(Client(end()), deadline_s=1000, time_source=lambda: 5.0).run("q"))
    assert result.metadata["constraints"]["deadline_at"] == 1005.0


@pytest.mark.parametrize("store", [object(), SimpleNamespace(), SimpleNamespace(unrelated=1)])
async def test_a_state_store_may_lack_every_method(store: Any) -> None:
    tools = Tools()
    planner = planner_of(Client(use("ask"), end("went on")), tools.all(), state_store=store)
    pause = await planner.run("q")
    result = await planner.resume(pause.resume_token, "yes")  # type: ignore[union-attr]  # it must be a pause
    assert ended(result).payload["raw_answer"] == "went on"


def test_the_artifact_store_is_the_given_one_or_found_or_one_that_keeps_nothing() -> None:
    given, found = InMemoryArtifactStore(), InMemoryArtifactStore()
    owner = SimpleNamespace(artifact_store=found)
    assert planner_of(Client(), artifact_store=given, state_store=owner).artifact_store is given
    assert planner_of(Client(), state_store=owner).artifact_store is found
    assert planner_of(Client(), state_store=found).artifact_store is found
    assert isinstance(planner_of(Client()).artifact_store, NoOpArtifactStore)
    assert isinstance(planner_of(Client(), state_store=object()).artifact_store, NoOpArtifactStore)


class Memory:
    """A user's own memory, one for all keys."""

    def __init__(self) -> None:
        self.turns: list[tuple[str, str]] = []
        self.health: Any = "healthy"

    async def add_turn(self, turn: Any) -> None:
        self.turns.append((turn.user_message, turn.assistant_response))

    async def get_llm_context(self) -> dict[str, Any]:
        return {"conversation_memory": {"recent_turns": [user for user, _ in self.turns]}}

    async def flush(self) -> None: ...

    def estimate_tokens(self) -> int:
        return 0


async def test_an_object_may_be_the_memory() -> None:
    memory, client = Memory(), Client(end("one"), end("two"))
    planner = planner_of(client, short_term_memory=memory)
    await planner.run("first", tool_context={"session_id": "s"})
    await planner.run("second", tool_context={"session_id": "t"})
    assert memory.turns == [("first", "one"), ("second", "two")]
    assert "first" in client.requests[1].text


async def test_nothing_accumulates_in_the_prompt_over_runs() -> None:
    client = Client("no action", use("echo", wrong=1, text=[]), use("nowhere"), end("one"), end("two"))
    planner = planner_of(client)
    await planner.run("q")
    await planner.run("q")
    assert {request.system_prompt for request in client.requests} == {client.requests[0].system_prompt}
    assert client.requests[-1].messages == client.requests[0].messages


async def test_every_run_counts_its_actions_from_one() -> None:
    planner = planner_of(Client(end(), end()))
    assert [ended(await planner.run("q")).metadata["answer_action_seq"] for _ in range(2)] == [1, 1]
