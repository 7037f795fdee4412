"""The planner programs of the project's first description: tool selection, tool sources and policies.

Each is as printed, except that a scripted client takes the place of the model's name.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from penguiflow import build_catalog, tool
from tests.contract.planner.fakes_a import Client, Echoed, Text, Tools, end, use
from tests.fakes.samples import run_sample

SETTING = """
from pydantic import BaseModel
from penguiflow import ModelRegistry

class Query(BaseModel):
    text: str

class Documents(BaseModel):
    results: list[str]

class Summary(BaseModel):
    text: str

async def search(text):
    return [f"doc about {text}"]

async def llm_summarize(results):
    return " ".join(results)

registry = ModelRegistry()
"""

SELECTION = """
from penguiflow import ReactPlanner, tool, build_catalog

@tool(desc="Search documentation")
async def search_docs(args: Query, ctx) -> Documents:
    return Documents(results=await search(args.text))

@tool(desc="Summarize results")
async def summarize(args: Documents, ctx) -> Summary:
    return Summary(text=await llm_summarize(args.results))

planner = ReactPlanner(
    llm="gpt-4",
    catalog=build_catalog([search_docs, summarize], registry),
    max_iters=10
)

result = await planner.run("Explain PenguiFlow routing")
print(result.payload)  # LLM orchestrated search → summarize automatically
"""

SOURCES = """
from penguiflow.planner import ReactPlanner

specs = tool_node.get_tool_specs()

# Add external tools to planner catalog alongside local tools
planner = ReactPlanner(llm="gpt-4o", catalog=specs + local_tools)
"""

POLICIES = """
from penguiflow.planner import ReactPlanner, ToolPolicy

policy_free = ToolPolicy(allowed_tools={"search_public", "summarise"})
policy_premium = ToolPolicy(denied_tools={"delete_user"}, require_tags={"safe"})

planner_free = ReactPlanner(..., tool_policy=policy_free)
planner_premium = ReactPlanner(..., tool_policy=policy_premium)

print(planner_free._spec_by_name.keys())  # {'search_public', 'summarise'}
print(planner_premium._spec_by_name.keys())  # filtered catalog
"""


def scripted(program: str) -> str:
    """Put the name `llm` of a client where the model's name stands."""
    return re.sub(r'llm="[^"]+"', "llm_client=llm", program).replace(
        "ReactPlanner(...,", "ReactPlanner(llm_client=llm, catalog=catalog,"
    )


async def test_a_model_picks_the_tools_of_the_first_sample(capsys: pytest.CaptureFixture[str]) -> None:
    client = Client(
        use("search_docs", text="routing"),
        lambda request: use("summarize", results=request.last["observation"]["results"]),
        lambda request: end(request.last["observation"]["text"]),
    )
    names = await run_sample(SETTING + scripted(SELECTION), llm=client)
    assert "'raw_answer': 'doc about routing'" in capsys.readouterr().out
    result = names["result"]
    assert result.reason == "answer_complete"
    assert [step["action"]["next_node"] for step in result.metadata["steps"]] == ["search_docs", "summarize"]
    prompt = client.requests[0].system_prompt
    assert "Search documentation" in prompt
    assert "Summarize results" in prompt


async def test_the_first_sample_also_runs_when_its_registry_knows_the_tools(
    capsys: pytest.CaptureFixture[str],
) -> None:
    registered = """
registry.register("search_docs", Query, Documents)
registry.register("summarize", Documents, Summary)
"""
    await run_sample(SETTING + registered + scripted(SELECTION), llm=Client(end("By routers.")))
    assert "'raw_answer': 'By routers.'" in capsys.readouterr().out


async def test_tools_from_elsewhere_stand_beside_those_of_the_program() -> None:
    tools = Tools()

    class Elsewhere:
        def get_tool_specs(self) -> list[Any]:
            return build_catalog([tools.named("github.create_issue")])

    client = Client(use("github.create_issue", text="a"), use("local", text="b"), end())
    names = await run_sample(
        scripted(SOURCES), llm=client, tool_node=Elsewhere(), local_tools=[tools.named("local")]
    )
    await names["planner"].run("q")
    assert tools.calls == ["github.create_issue a", "local b"]


def catalog() -> Any:
    def named(name: str, *tags: str) -> Any:
        async def function(args: Text, ctx: Any) -> Echoed:
            return Echoed(said=name)

        function.__name__ = name
        return tool(desc=name, tags=tags)(function)

    return build_catalog(
        [named("search_public", "safe"), named("summarise"), named("delete_user", "safe"), named("export")]
    )


async def test_policies_leave_the_tools_the_sample_prints(capsys: pytest.CaptureFixture[str]) -> None:
    await run_sample(scripted(POLICIES), llm=Client(), catalog=catalog())
    free, premium = capsys.readouterr().out.splitlines()
    assert free == "dict_keys(['search_public', 'summarise'])"
    assert premium == "dict_keys(['search_public'])"


async def test_what_a_policy_leaves_is_what_the_model_reads() -> None:
    client = Client(use("delete_user"), end("not allowed"))
    names = await run_sample(scripted(POLICIES), llm=client, catalog=catalog())
    result = await names["planner_premium"].run("q")
    assert "search_public" in client.requests[0].system_prompt
    assert "delete_user" not in client.requests[0].system_prompt
    assert "is not in the catalog" in result.metadata["steps"][0]["error"]
    assert {spec.name for spec in names["planner_premium"].visible_tools()} == {"search_public"}
