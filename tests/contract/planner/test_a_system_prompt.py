"""Section 7: what the model is told before the question."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from pydantic import BaseModel, Field

from penguiflow.catalog import tool
from penguiflow.planner import ToolPolicy
from tests.contract.planner.fakes_a import Client, Echoed, Tools, end, planner_of

SECTIONS = [
    "identity", "output_format", "action_schema", "finishing", "tool_usage", "parallel_execution",
    "reasoning", "tone", "error_handling", "available_tools",
]  # fmt: skip


class Order(BaseModel):
    amount_of_boxes: int = Field(description="how many boxes to send")


def rich(**marks: Any) -> Any:
    @tool(**{"desc": "Sends boxes", "side_effects": "external", **marks})
    async def send_boxes(args: Order, ctx: Any) -> Echoed:
        return Echoed(said="")

    return send_boxes


async def prompt(catalog: list[Any] | None = None, **options: Any) -> str:
    client = Client(end())
    await planner_of(client, catalog, **options).run("q")
    return client.requests[0].system_prompt


def section(text: str, name: str) -> str:
    """Return what stands between the tags of a section."""
    return text.split(f"<{name}>", 1)[1].split(f"</{name}>", 1)[0]


async def test_the_sections_are_tagged_and_in_order() -> None:
    text = await prompt()
    places = [text.index(f"<{name}>") for name in SECTIONS]
    assert places == sorted(places)
    assert all(f"</{name}>" in text for name in SECTIONS)


async def test_the_date_is_told() -> None:
    days = {datetime.datetime.now(datetime.UTC).date(), datetime.datetime.now().date()}
    text = section(await prompt(), "identity")
    days |= {datetime.datetime.now(datetime.UTC).date(), datetime.datetime.now().date()}
    (date,) = re.findall(r"\d{4}-\d{2}-\d{2}", text)
    assert date in {day.isoformat() for day in days}


@pytest.mark.parametrize("name", ["additional_guidance", "planning_constraints"])
async def test_a_section_nobody_needs_is_absent(name: str) -> None:
    assert f"<{name}>" not in await prompt()
    assert f"<{name}>" not in await prompt(planning_hints={}, system_prompt_extra=None)


async def test_the_guidance_of_the_user_comes_after_the_tools() -> None:
    text = await prompt(system_prompt_extra="Speak like a penguin.")
    assert "Speak like a penguin." in section(text, "additional_guidance")
    assert text.index("<available_tools>") < text.index("<additional_guidance>")


async def test_the_hints_come_last() -> None:
    text = await prompt(
        system_prompt_extra="Speak like a penguin.",
        planning_hints={"prefer_nodes": ["third"], "max_parallel": 2},
    )
    assert "third" in section(text, "planning_constraints")
    assert "max_parallel=2" in section(text, "planning_constraints")
    assert text.index("<additional_guidance>") < text.index("<planning_constraints>")


async def test_a_tool_is_told_with_its_name_description_effects_and_arguments() -> None:
    told = section(await prompt([rich()]), "available_tools")
    for part in (
        "send_boxes",
        "Sends boxes",
        "external",
        "amount_of_boxes",
        "how many boxes to send",
        "integer",
    ):
        assert part in told


MARKS = {
    "tags": (["heavy-goods"], "heavy-goods"),
    "auth_scopes": (["boxes:send"], "boxes:send"),
    "cost_hint": ("two dollars", "two dollars"),
    "latency_hint_ms": (4321, "4321"),
    "safety_notes": ("not on ice", "not on ice"),
    "extra": ({"warehouse": "south-pole"}, "south-pole"),
}


@pytest.mark.parametrize(("mark", "value", "shown"), [(mark, *pair) for mark, pair in MARKS.items()])
async def test_a_mark_of_a_tool_is_told_when_it_is_set(mark: str, value: Any, shown: str) -> None:
    assert shown in section(await prompt([rich(**{mark: value})]), "available_tools")


@pytest.mark.parametrize("mark", ["auth_scopes", "cost_hint", "latency_hint_ms", "safety_notes"])
async def test_a_mark_that_is_not_set_is_not_told(mark: str) -> None:
    assert mark not in section(await prompt([rich()]), "available_tools")


async def test_every_tool_is_told_and_a_filtered_one_is_not() -> None:
    text = await prompt(Tools().all(), tool_policy=ToolPolicy(denied_tools={"fail"}))
    assert all(f"Tool {name}" in text for name in ("echo", "other", "third"))
    assert "Always fails" not in text


async def test_background_tasks_are_not_told_where_there_are_none() -> None:
    text = await prompt()
    assert "task.subagent" not in text
    assert "task.tool" not in text


async def test_the_prompt_stays_the_same_on_every_call_of_every_run() -> None:
    client = Client({"next_node": "echo", "args": {}}, end(), end())
    planner = planner_of(client)
    await planner.run("one", llm_context={"a": 1})
    await planner.run("two")
    assert len({request.system_prompt for request in client.requests}) == 1
