"""The planner programs of the project's first description, as they were printed, with a scripted model."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from penguiflow.catalog import build_catalog, tool
from penguiflow.llm.scripted import ScriptedLLM
from penguiflow.llm.usage import LLMReply
from tests.fakes.planner_tools import Note, Saved, answer, call

ORCHESTRATION = """
from penguiflow import ReactPlanner, tool, build_catalog

@tool(desc="Search documentation")
async def search_docs(args: Query, ctx) -> Documents:
    return Documents(results=await search(args.text))

@tool(desc="Summarize results")
async def summarize(args: Documents, ctx) -> Summary:
    return Summary(text=await llm_summarize(args.results))

planner = ReactPlanner(
    llm_client=llm,
    catalog=build_catalog([search_docs, summarize], registry),
    max_iters=10
)

async def main():
    result = await planner.run("Explain PenguiFlow routing")
    print(result.payload)  # LLM orchestrated search → summarize automatically
"""

ORCHESTRATION_SETTING = """
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

STREAMING = """
from pydantic import BaseModel
from penguiflow.catalog import build_catalog, tool
from penguiflow.planner import PlannerEvent, ReactPlanner
from penguiflow.registry import ModelRegistry

class Query(BaseModel):
    question: str

class Answer(BaseModel):
    answer: str

@tool(desc="Stream answer token-by-token")
async def stream_answer(args: Query, ctx) -> Answer:
    tokens = ["PenguiFlow", "is", "a", "typed", "async", "planner"]
    for index, token in enumerate(tokens):
        await ctx.emit_chunk("answer_stream", index, f"{token} ", done=False)
    await ctx.emit_chunk("answer_stream", len(tokens), "", done=True)
    return Answer(answer=" ".join(tokens))

def handle_stream(event: PlannerEvent) -> None:
    if event.event_type == "stream_chunk":
        print(event.extra["text"], end="", flush=True)
        if event.extra["done"]:
            print()

registry = ModelRegistry()
registry.register("stream_answer", Query, Answer)

planner = ReactPlanner(
    llm_client=llm,
    catalog=build_catalog([stream_answer], registry),
    event_callback=handle_stream,
)

async def main():
    result = await planner.run("Tell me about PenguiFlow")
    print(result.metadata["steps"][0]["streams"]["answer_stream"])  # structured chunks
"""

POLICY = """
from penguiflow.planner import ReactPlanner, ToolPolicy
policy_free = ToolPolicy(allowed_tools={"search_public", "summarise"})
policy_premium = ToolPolicy(denied_tools={"delete_user"}, require_tags={"safe"})
planner_free = ReactPlanner(llm_client=llm, catalog=catalog, tool_policy=policy_free)
planner_premium = ReactPlanner(llm_client=llm, catalog=catalog, tool_policy=policy_premium)
print(planner_free._spec_by_name.keys())
print(planner_premium._spec_by_name.keys())
"""

COSTS = """
from penguiflow.planner.react import PlannerEvent, ReactPlanner
warnings = []

def track_costs(event: PlannerEvent) -> None:
    if event.event_type != "finish":
        return
    session_cost = event.extra.get("cost", {}).get("total_cost_usd", 0.0)
    if session_cost > 0.10:
        warnings.append(session_cost)

planner = ReactPlanner(llm_client=llm, catalog=[], event_callback=track_costs)

async def main():
    result = await planner.run("Analyse onboarding friction across regions")
    cost = result.metadata["cost"]
    print(f"Total cost: ${cost['total_cost_usd']:.4f}")
    print(f"Planner calls: {cost['main_llm_calls']}")
    print(f"Reflections: {cost['reflection_llm_calls']}")
    print(f"Summaries: {cost['summarizer_llm_calls']}")
"""


def run_program(source: str, names: dict[str, Any]) -> dict[str, Any]:
    exec(compile(source, "sample", "exec"), names)
    if "main" in names:
        asyncio.run(names["main"]())
    return names


def test_the_orchestration_sample(capsys: pytest.CaptureFixture[str]) -> None:
    summarize = call("summarize", results=["doc about routing"])
    llm = ScriptedLLM([call("search_docs", text="routing"), summarize, answer("By routers.")])
    run_program(ORCHESTRATION_SETTING + ORCHESTRATION, {"llm": llm, "__name__": "sample"})
    assert "'raw_answer': 'By routers.'" in capsys.readouterr().out


def test_the_streaming_sample(capsys: pytest.CaptureFixture[str]) -> None:
    llm = ScriptedLLM([call("stream_answer", question="what"), answer("A planner.")])
    run_program(STREAMING, {"llm": llm, "__name__": "sample"})
    streamed, chunks = capsys.readouterr().out.splitlines()
    assert streamed == "PenguiFlow is a typed async planner "
    assert chunks.count("'seq'") == 7


def test_the_policy_sample(capsys: pytest.CaptureFixture[str]) -> None:
    def named(name: str, *tags: str) -> Any:
        async def function(args: Note, ctx: Any) -> Saved:
            return Saved(stored="")

        function.__name__ = name
        return tool(desc=name, tags=tags)(function)

    catalog = build_catalog(
        [named("search_public", "safe"), named("summarise"), named("delete_user", "safe")]
    )
    run_program(POLICY, {"llm": ScriptedLLM([]), "catalog": catalog})
    assert capsys.readouterr().out.splitlines() == [
        "dict_keys(['search_public', 'summarise'])",
        "dict_keys(['search_public'])",
    ]


def test_the_cost_samples(capsys: pytest.CaptureFixture[str]) -> None:
    llm = ScriptedLLM([LLMReply(text=json.dumps(answer()), cost_usd=0.25)])
    names = run_program(COSTS, {"llm": llm})
    assert names["warnings"] == [0.25]
    assert capsys.readouterr().out.splitlines() == [
        "Total cost: $0.2500", "Planner calls: 1", "Reflections: 0", "Summaries: 0"
    ]  # fmt: skip
