"""However large a result is, the model reads a bounded part of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from penguiflow.catalog import tool
from penguiflow.planner import ObservationGuardrailConfig
from penguiflow.planner._json import json_text
from penguiflow.planner._rules.observation import clamp
from tests.fakes.planner_tools import Heard, Note, answer, call, finished, planner_for

SMALL = ObservationGuardrailConfig(max_observation_chars=1000, max_field_chars=100)


def nested(depth: int) -> Any:
    value: Any = "x" * 2000
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "observation",
    [
        {"text": "x" * 5_000_000},
        {"items": ["x" * 3000] * 20},
        {"items": list(range(1_000_000))},
        {str(number): "x" * 50 for number in range(5_000)},
        {"rows": [{str(column): "cell" * 10 for column in range(30)} for _ in range(300)]},
        nested(90),
        {"k" * 20_000: 1},
        ["\x00" * 10_000],
    ],
)
def test_any_shape_of_result_is_cut_below_the_limit(observation: Any) -> None:
    clamped = clamp(observation, len(json_text(observation)), SMALL)
    assert clamped is not None
    assert len(json_text(clamped.observation)) == clamped.clamped_chars <= 1000
    assert json.loads(json_text(clamped.observation)) == clamped.observation


@settings(max_examples=50)
@given(
    st.recursive(
        st.text(max_size=3000) | st.integers(), lambda inner: st.lists(inner, max_size=40), max_leaves=60
    )
)
def test_what_fits_stays_and_what_does_not_is_cut(observation: Any) -> None:
    size = len(json_text(observation))
    clamped = clamp(observation, size, SMALL)
    assert (clamped is None) is (size <= 1000)
    assert clamped is None or clamped.clamped_chars <= 1000


class Big(BaseModel):
    text: str


@tool(desc="five megabytes")
async def flood(args: Note, ctx: Any) -> Big:
    return Big(text="y" * 5_000_000)


async def test_five_megabytes_stay_in_the_result_and_out_of_the_prompt() -> None:
    heard = Heard()
    planner, llm = planner_for(call("flood", text="x"), answer(), catalog=[flood], event_callback=heard)
    result = finished(await planner.run("q"))
    assert len(llm.received[1][-1]["content"]) < 51_000
    assert "characters left out" in llm.received[1][-1]["content"]
    assert len(result.metadata["steps"][0]["observation"]["text"]) == 5_000_000
    (event,) = heard.of("observation_clamped")
    assert (event.node_name, event.extra["method"]) == ("flood", "truncate")
    assert event.extra["original_size"] > 5_000_000 > 51_000 > event.extra["clamped_size"]


def test_values_that_are_no_json_reach_the_model_as_text() -> None:
    text = json_text({"a": float("nan"), "b": [float("inf")], "c": "\ud800é"})
    assert text == '{"a":"nan","b":["inf"],"c":"\ufffdé"}'
