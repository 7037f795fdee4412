"""Which tools a run sees, where they come from, and how they are described to the model."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import BaseModel, Field

from penguiflow import ModelRegistry, Node
from penguiflow.catalog import DuplicateToolError, NodeSpec, build_catalog, tool
from penguiflow.llm.errors import LLMSetupError
from penguiflow.llm.scripted import ScriptedLLM
from penguiflow.planner import ReactPlanner, ToolPolicy
from penguiflow.planner._prompts.tools import describe_tool
from tests.fakes.planner_tools import Note, Notebook, Saved, answer, call, finished, planner_for


class Server:
    """A source whose tools come and go."""

    name = "server"

    def __init__(self) -> None:
        self.specs: list[NodeSpec] = []

    def get_tool_specs(self) -> Sequence[NodeSpec]:
        return self.specs


def names(planner: ReactPlanner) -> list[str]:
    return sorted(spec.name for spec in planner.visible_tools())


@pytest.mark.parametrize(
    ("policy", "visible"),
    [
        (ToolPolicy(), ["ask", "fail", "look", "merge", "save"]),
        (ToolPolicy(allowed_tools={"look", "save", "other"}), ["look", "save"]),
        (ToolPolicy(denied_tools={"look"}, allowed_tools={"look", "save"}), ["save"]),
        (ToolPolicy(require_tags={"safe"}), ["look"]),
    ],
)
def test_a_policy_denies_then_allows_then_asks_for_tags(policy: ToolPolicy, visible: list[str]) -> None:
    planner, _ = planner_for(tool_policy=policy)
    assert names(planner) == visible


async def test_a_tool_the_policy_hides_is_unknown_to_the_model(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "penguiflow.planner"):
        planner, llm = planner_for(
            call("save", text="x"), answer(), tool_policy=ToolPolicy(denied_tools={"save"})
        )
    finished(await planner.run("q"))
    assert "Save a note" not in llm.received[0][0]["content"]
    assert "is not in the catalog" in llm.received[1][-1]["content"]
    (record,) = caplog.records
    assert (record.message, record.__dict__["removed"]) == ("planner_tool_policy_filtered", ["save"])


def test_a_policy_that_hides_everything_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    planner_for(tool_policy=ToolPolicy(allowed_tools=set()))
    assert "planner_tool_policy_empty" in caplog.text


async def test_tools_of_a_source_are_read_at_the_start_of_every_run() -> None:
    server = Server()
    planner, llm = planner_for(answer(), call("look", text="x"), answer(), catalog=[], tool_sources=[server])
    await planner.run("first")
    assert "There are no tools" in llm.received[0][0]["content"]
    server.specs = [spec for spec in Notebook().catalog() if spec.name == "look"]
    assert names(planner) == ["look"]
    result = finished(await planner.run("second"))
    assert result.metadata["steps"][0]["observation"] == {"stored": "seen x"}


async def test_a_name_offered_twice_is_an_error_that_names_both() -> None:
    server = Server()
    server.specs = Notebook().catalog()[:1]
    planner, _ = planner_for(tool_sources=[server])
    with pytest.raises(DuplicateToolError, match="`look`"):
        await planner.run("q")


async def test_nodes_with_a_registry_are_tools() -> None:
    async def echo(args: Any, ctx: Any) -> Any:
        return Saved(stored=args.text)

    registry = ModelRegistry()
    registry.register("echo", Note, Saved)
    llm = ScriptedLLM([call("echo", text="x"), answer()])
    planner = ReactPlanner(llm_client=llm, nodes=[Node(echo)], registry=registry)
    assert finished(await planner.run("q")).metadata["steps"][0]["observation"] == {"stored": "x"}


async def test_a_fork_differs_only_in_what_was_overridden() -> None:
    planner, _ = planner_for(answer("one"), max_iters=3)
    other = planner.fork(llm_client=ScriptedLLM([answer("two")], model="other"))
    assert (planner.model_name, other.model_name) == ("scripted", "other")
    assert names(planner) == names(other)
    assert finished(await other.run("q")).payload["raw_answer"] == "two"
    with pytest.raises(TypeError, match="max_iter"):
        planner.fork(max_iter=1)


def test_a_fork_with_a_model_name_leaves_the_client_behind() -> None:
    planner, _ = planner_for()
    assert planner.fork(llm="openai/gpt-4o-mini").model_name == "openai/gpt-4o-mini"


def test_readiness_is_the_clients() -> None:
    class NoKey(ScriptedLLM):
        def check_ready(self) -> None:
            raise LLMSetupError("no key")

    class CannotTell:
        async def complete(self, *, messages: Any, response_format: Any = None) -> str:
            return ""

    planner_for()[0].check_ready()
    ReactPlanner(llm_client=CannotTell(), catalog=[]).check_ready()
    with pytest.raises(LLMSetupError):
        ReactPlanner(llm_client=NoKey([]), catalog=[]).check_ready()


class Titled(BaseModel):
    """Ignored: the tool has its own description."""

    title: str = Field(description="the title")
    tags: list[str] = []


def test_a_tool_is_described_by_its_arguments_in_full_and_its_result_by_names() -> None:
    @tool(desc="Add", safety_notes="asks first", tags=["t"], extra={"unit": "m", "arg_validation": {}})
    async def add(args: Titled, ctx: Any) -> Saved:
        return Saved(stored="")

    assert describe_tool("add", build_catalog([add])[0]).splitlines() == [
        "- add (pure): Add",
        '  args: {"properties":{"tags":{"default":[],"items":{"type":"string"},"type":"array"},'
        '"title":{"description":"the title","type":"string"}},"required":["title"],"type":"object"}',
        "  returns: stored",
        "  tags: t",
        "  safety: asks first",
        '  extra: {"unit":"m"}',
    ]


async def test_guidance_of_the_author_stands_in_the_prompt() -> None:
    planner, llm = planner_for(answer(), system_prompt_extra="Speak like a penguin. {braces} stay.")
    await planner.run("q")
    assert "Speak like a penguin. {braces} stay." in llm.received[0][0]["content"]
