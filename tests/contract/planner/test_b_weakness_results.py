"""Section 29, items 9, 13 and 16: ends that differ, time limits of tools, and bounded observations."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from pydantic import BaseModel

from penguiflow import Node, NodePolicy
from penguiflow.artifacts import InMemoryArtifactStore
from penguiflow.catalog import tool
from penguiflow.planner import ObservationGuardrailConfig
from tests.contract.planner.fakes_b import Said, Words, planner_with, steps_of
from tests.fakes.flows import loop_clock
from tests.fakes.planner_tools import answer, call, finished


class Rows(BaseModel):
    rows: list[str]


class Nested(BaseModel):
    data: dict[str, Any]


@pytest.mark.parametrize(
    "reply", ["just prose", '{"next_node": "echo", "args": {"text": "cut', "", "[]", "null"]
)
async def test_what_is_no_action_never_becomes_a_complete_answer(reply: str) -> None:
    planner, model = planner_with(*[reply] * 3, repair_attempts=3)
    result = finished(await planner.run("q"))
    assert result.reason == "no_path"
    assert result.metadata["answer_quality"] == "none"
    assert result.metadata["error"]
    assert len(model.planning) == 3


async def test_a_final_answer_that_was_cut_off_is_saved_and_marked() -> None:
    cut = '{"next_node": "final_response", "args": {"answer": "The long ans'
    planner, _ = planner_with(cut, cut, repair_attempts=2)
    result = finished(await planner.run("q"))
    assert (result.reason, result.payload["raw_answer"]) == ("answer_complete", "The long ans")
    assert result.metadata["answer_quality"] == "salvaged"
    assert result.metadata["salvage_used"] is True


async def test_an_answer_after_a_repair_is_marked() -> None:
    planner, model = planner_with("prose", answer("now it is JSON"))
    result = finished(await planner.run("q"))
    assert result.metadata["answer_quality"] == "repaired"
    assert result.metadata["repair_attempts"] >= 1
    assert "prose" in model.planning[1].text, "the model is shown its own bad reply"
    assert model.planning[1].text.startswith(model.planning[0].text)


async def test_a_time_limit_of_a_tool_holds() -> None:
    async def hang(args: Words, ctx: Any) -> Said:
        await asyncio.Event().wait()
        raise AssertionError

    node = Node(hang, name="hang", policy=NodePolicy(timeout_s=5, max_retries=0))
    planner, _ = planner_with(call("hang"), answer("went on"), catalog=[node])
    started = loop_clock()
    result = finished(await planner.run("q"))
    assert loop_clock() - started == pytest.approx(5, abs=0.5)
    assert steps_of(result)[0]["error"]
    assert result.payload["raw_answer"] == "went on"


@pytest.mark.parametrize(("retries", "works"), [(0, False), (1, False), (2, True)])
async def test_retries_of_a_tool_hold(retries: int, works: bool) -> None:
    tries: list[int] = []

    async def flaky(args: Words, ctx: Any) -> Said:
        tries.append(1)
        if len(tries) < 3:
            raise ConnectionError("not yet")
        return Said(said="at last")

    node = Node(flaky, name="flaky", policy=NodePolicy(max_retries=retries))
    planner, _ = planner_with(call("flaky"), answer(), catalog=[node])
    (step,) = steps_of(await planner.run("q"))
    assert (step["error"] is None) is works
    assert len(tries) == retries + 1


async def test_a_pause_is_not_retried() -> None:
    tries: list[int] = []

    async def wait(args: Words, ctx: Any) -> Said:
        tries.append(1)
        await ctx.pause("await_input", {})
        raise AssertionError

    planner, _ = planner_with(
        call("wait"), catalog=[Node(wait, name="wait", policy=NodePolicy(max_retries=3))]
    )
    await planner.run("q")
    assert tries == [1]


def reads(rows: int, chars: int) -> Any:
    @tool(desc="reads rows")
    async def read(args: Words, ctx: Any) -> Rows:
        return Rows(rows=["r" * chars] * rows)

    return read


@pytest.mark.parametrize("store", [False, True])
@pytest.mark.parametrize(("rows", "chars"), [(20, 3_000), (1, 60_000), (3_000, 20), (19, 900)])
async def test_an_observation_over_the_limit_is_really_cut(rows: int, chars: int, store: bool) -> None:
    planner, model = planner_with(
        call("read"),
        answer(),
        catalog=[reads(rows, chars)],
        observation_guardrail=ObservationGuardrailConfig(max_observation_chars=1_000),
        artifact_store=InMemoryArtifactStore() if store else None,
    )
    result = await planner.run("q")
    shown = model.planning[1].messages[-1]["content"]
    assert len(shown) <= 1_000 + len('{"observation":}')
    assert json.loads(shown)["observation"] is not None
    assert steps_of(result)[0]["observation"] == {"rows": ["r" * chars] * rows}


async def test_deeply_nested_data_is_cut_too() -> None:
    @tool(desc="reads")
    async def read(args: Words, ctx: Any) -> Nested:
        return Nested(data={f"k{n}": {"inner": [{"text": "t" * 90}] * 10} for n in range(200)})

    planner, model = planner_with(
        call("read"),
        answer(),
        catalog=[read],
        observation_guardrail=ObservationGuardrailConfig(max_observation_chars=1_000),
    )
    await planner.run("q")
    assert len(model.planning[1].messages[-1]["content"]) <= 1_020


async def test_an_observation_under_the_limit_is_shown_as_it_is_and_kept_once() -> None:
    planner, model = planner_with(call("read"), answer(), catalog=[reads(5, 100)])
    (step,) = steps_of(await planner.run("q"))
    assert model.planning[1].last == {"observation": step["observation"]}
    assert "llm_observation" not in step
