"""The planner programs of the project's first description: costs, and streaming from a tool.

Each is as printed, except that scripted clients take the place of the models' names.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.contract.planner.fakes_a import Client, Events, end, use
from tests.fakes.samples import run_sample

SETTING = """
import logging
from pydantic import BaseModel
from penguiflow import ReactPlanner, build_catalog, tool, ModelRegistry

logger = logging.getLogger("sample")
registry = ModelRegistry()

class Query(BaseModel):
    text: str = "x"

class Found(BaseModel):
    text: str

@tool(desc="Search documentation")
async def search_docs(args: Query, ctx) -> Found:
    return Found(text=args.text)

@tool(desc="Summarize results")
async def summarize(args: Query, ctx) -> Found:
    return Found(text=args.text)
"""

COSTS = """
from penguiflow.planner import ReactPlanner, ReflectionConfig

planner = ReactPlanner(
    llm="gpt-4o",
    catalog=build_catalog([search_docs, summarize], registry),
    reflection_config=ReflectionConfig(enabled=True, max_revisions=2),
    reflection_llm="gpt-4o-mini",  # cheaper critique model
)

result = await planner.run("Analyse onboarding friction across regions")

cost = result.metadata["cost"]
print(f"Total cost: ${cost['total_cost_usd']:.4f}")
print(f"Planner calls: {cost['main_llm_calls']}")
print(f"Reflections: {cost['reflection_llm_calls']}")
print(f"Summaries: {cost['summarizer_llm_calls']}")
"""

ALERTS = """
from penguiflow.planner.react import PlannerEvent

def track_costs(event: PlannerEvent) -> None:
    if event.event_type != "finish":
        return
    session_cost = event.extra.get("cost", {}).get("total_cost_usd", 0.0)
    if session_cost > 0.10:
        logger.warning("high_cost_session", extra={"cost_usd": session_cost})

planner = ReactPlanner(
    llm="gpt-4o",
    catalog=build_catalog([search_docs, summarize], registry),
    event_callback=track_costs,
)
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
    llm="gpt-4o-mini",
    catalog=build_catalog([stream_answer], registry),
    event_callback=handle_stream,
)

result = await planner.run("Tell me about PenguiFlow")
print(result.metadata["steps"][0]["streams"]["answer_stream"])  # structured chunks
"""


def scripted(program: str) -> str:
    """Put the names of clients where the names of models stand."""
    program = re.sub(r'reflection_llm="[^"]+"', "reflection_llm=critic", program)
    return re.sub(r'\bllm="[^"]+"', "llm_client=llm", program)


def judged(score: float, cost_usd: float) -> tuple[dict[str, Any], float]:
    critique = {"score": score, "passed": score > 0.5, "feedback": "ok", "issues": [], "suggestions": []}
    return critique, cost_usd


async def costs(client: Client, critic: Client, capsys: pytest.CaptureFixture[str]) -> list[str]:
    await run_sample(SETTING + scripted(COSTS), llm=client, critic=critic)
    return capsys.readouterr().out.splitlines()


async def test_the_costs_of_a_run_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    client, critic = Client((use("search_docs"), 0.1), (end("x"), 0.1)), Client(judged(0.95, 0.05))
    assert await costs(client, critic, capsys) == [
        "Total cost: $0.2500", "Planner calls: 2", "Reflections: 1", "Summaries: 0"
    ]  # fmt: skip


async def test_a_revision_is_a_call_of_the_planner(capsys: pytest.CaptureFixture[str]) -> None:
    client, critic = Client((end("x"), 0.1), (end("y"), 0.1)), Client(judged(0.2, 0.05), judged(0.95, 0.05))
    assert await costs(client, critic, capsys) == [
        "Total cost: $0.3000", "Planner calls: 2", "Reflections: 2", "Summaries: 0"
    ]  # fmt: skip


@pytest.mark.parametrize(("cost_usd", "warned"), [(0.25, [0.25]), (0.1, []), (0.01, [])])
async def test_an_expensive_run_can_be_reported(
    cost_usd: float, warned: list[float], caplog: pytest.LogCaptureFixture
) -> None:
    names = await run_sample(SETTING + scripted(ALERTS), llm=Client((end("x"), cost_usd)))
    await names["planner"].run("q")
    records: list[Any] = [record for record in caplog.records if record.getMessage() == "high_cost_session"]
    assert [record.cost_usd for record in records] == warned


async def test_a_tool_streams_while_it_runs_and_the_chunks_are_kept(
    capsys: pytest.CaptureFixture[str],
) -> None:
    client = Client(use("stream_answer", question="what"), end("A planner."))
    names = await run_sample(scripted(STREAMING), llm=client)
    streamed, printed = capsys.readouterr().out.splitlines()
    assert streamed == "PenguiFlow is a typed async planner "
    chunks = names["result"].metadata["steps"][0]["streams"]["answer_stream"]
    assert printed == str(chunks)
    assert [chunk["seq"] for chunk in chunks] == list(range(7))
    assert [chunk["done"] for chunk in chunks] == [False] * 6 + [True]
    json.dumps(chunks)


async def test_chunks_arrive_before_the_result_of_the_tool() -> None:
    events = Events()
    program = scripted(STREAMING).replace("event_callback=handle_stream", "event_callback=events")
    await run_sample(program, llm=Client(use("stream_answer", question="what"), end()), events=events)
    kinds = events.kinds
    first, last = kinds.index("stream_chunk"), len(kinds) - 1 - kinds[::-1].index("stream_chunk")
    assert kinds.index("tool_call_start") < first
    assert last < kinds.index("tool_call_result")
