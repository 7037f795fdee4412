"""A second model judges the answer before anybody sees it; a bad one goes back and is revised.

    python examples/react_reflection/main.py

The score alone decides. The model reads the critique and goes on: with a tool, as here, or with another
answer, at most `max_revisions` times.
"""

from __future__ import annotations

import asyncio

from pydantic import BaseModel

from penguiflow import ReactPlanner, build_catalog, tool
from penguiflow.llm import ScriptedLLM
from penguiflow.planner import PlannerEvent, PlannerFinish, ReflectionConfig, ReflectionCriteria


class Topic(BaseModel):
    name: str


class Facts(BaseModel):
    facts: list[str]


@tool(desc="Look up facts", side_effects="read")
def look_up(args: Topic) -> Facts:
    return Facts(facts=["an emperor penguin dives 500 m deep", "it stays below for 20 minutes"])


WRITER = [
    {"next_node": "final_response", "args": {"answer": "Penguins dive very deep."}},
    {"thought": "I was asked how deep.", "next_node": "look_up", "args": {"name": "emperor penguin"}},
    {"next_node": "final_response", "args": {"answer": "Emperor penguins dive 500 m deep, for 20 minutes."}},
]
CRITIC = [
    {"score": 0.3, "passed": True, "feedback": "No number.", "issues": ["says nothing that was looked up"]},
    {"score": 0.9, "passed": True, "feedback": "Complete, and shown by an observation."},
]


def tell(event: PlannerEvent) -> None:
    if event.event_type == "reflection_critique":
        print(f"critique: {event.extra['score']} {event.extra['feedback']} -> {event.thought}")


async def main() -> None:
    planner = ReactPlanner(
        llm_client=ScriptedLLM(WRITER),
        reflection_llm=ScriptedLLM(CRITIC),  # or the name of a model
        catalog=build_catalog([look_up]),
        reflection_config=ReflectionConfig(
            enabled=True,
            quality_threshold=0.8,
            criteria=ReflectionCriteria(completeness="It gives numbers with their unit."),
            use_separate_llm=True,
        ),
        event_callback=tell,
    )
    result = await planner.run("How deep do penguins dive?")
    assert isinstance(result, PlannerFinish)
    print(result.payload["raw_answer"])
    print(f"quality: {result.metadata['answer_quality']}, {result.metadata['reflection']}")
    cost = result.metadata["cost"]
    print(f"calls: {cost['main_llm_calls']} of the writer, {cost['reflection_llm_calls']} of the critic")


asyncio.run(main())
