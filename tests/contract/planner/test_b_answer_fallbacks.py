"""Section 17: where the text of an answer comes from when the model names none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import BaseModel, create_model

from penguiflow.catalog import tool
from tests.contract.planner.fakes_b import Model, Words, planner_with
from tests.fakes.planner_tools import answer, call, finished

KEYS = [
    "text", "result", "output", "response", "message", "content", "greeting", "joke", "reply", "summary",
    "explanation", "description", "body",
]  # fmt: skip


def final(**args: Any) -> dict[str, Any]:
    return {"next_node": "final_response", "args": args}


def shows(**observation: Any) -> Any:
    """Return a tool whose observation is this."""
    fields: Any = {name: (Any, ...) for name in observation}
    out: type[BaseModel] = create_model("Shown", **fields)

    async def show(args: Words, ctx: Any) -> Any:
        return out(**observation)

    show.__annotations__["return"] = out
    return tool(desc="show")(show)


def failed_repair(*planning: Any) -> Model:
    return Model(*planning, json_object=[{}])


@pytest.mark.parametrize("key", KEYS)
async def test_after_a_failed_repair_the_text_comes_from_the_arguments(key: str) -> None:
    planner, model = planner_with(model=failed_repair(final(**{key: "the words", "mood": 3})))
    result = finished(await planner.run("q"))
    assert (result.reason, result.payload["raw_answer"]) == ("answer_complete", "the words")
    assert result.metadata["answer_quality"] == "fallback"
    assert len(model.of("json_object")) == 1


async def test_earlier_keys_win() -> None:
    for position, key in enumerate(KEYS[:-1]):
        args = {name: f"from {name}" for name in reversed(KEYS[position:])}
        planner, _ = planner_with(model=failed_repair(final(**args)))
        assert finished(await planner.run("q")).payload["raw_answer"] == f"from {key}"


@pytest.mark.parametrize("key", ["text", "summary", "body"])
async def test_then_from_the_last_observation(key: str) -> None:
    planner, _ = planner_with(
        model=failed_repair(call("show"), final()), catalog=[shows(**{key: "observed words", "n": 1})]
    )
    result = finished(await planner.run("q"))
    assert result.payload["raw_answer"] == "observed words"
    assert result.metadata["answer_quality"] == "fallback"


async def test_the_arguments_come_before_the_observation() -> None:
    planner, _ = planner_with(
        model=failed_repair(call("show"), final(body="said")), catalog=[shows(text="observed")]
    )
    assert finished(await planner.run("q")).payload["raw_answer"] == "said"


async def test_then_the_only_long_text_of_the_observation() -> None:
    long = "A text that is long enough to be meant for a person, and the only one of its kind here."
    planner, _ = planner_with(model=failed_repair(call("show"), final()), catalog=[shows(essay=long)])
    assert finished(await planner.run("q")).payload["raw_answer"] == long


async def test_then_the_observation_as_json() -> None:
    planner, _ = planner_with(model=failed_repair(call("show"), final()), catalog=[shows(a=1, b=[2])])
    result = finished(await planner.run("q"))
    assert json.loads(result.payload["raw_answer"]) == {"a": 1, "b": [2]}
    assert result.metadata["answer_quality"] == "fallback"


@pytest.mark.parametrize("args", [{}, {"answer": ""}, {"answer": "  "}, {"answer": "<auto>"}])
async def test_nothing_at_all_is_no_answer(args: dict[str, Any]) -> None:
    planner, _ = planner_with(model=failed_repair(final(**args)))
    result = finished(await planner.run("q"))
    assert result.reason == "no_path"
    assert result.metadata["answer_quality"] == "none"
    assert result.metadata["error"]
    assert result.metadata["finish_repair_failure_count"] == 1


@pytest.mark.parametrize(
    "reply",
    [
        {"answer": "mended"},
        {"args": {"raw_answer": "mended"}},
        {"text": "mended"},
        {"content": "mended"},
        "mended",
    ],
)
async def test_a_repaired_finish_is_an_answer_of_its_own_quality(reply: Any) -> None:
    planner, model = planner_with(model=Model(final(answer="<auto>", route="kb"), json_object=[reply]))
    result = finished(await planner.run("q"))
    assert (result.reason, result.payload["raw_answer"]) == ("answer_complete", "mended")
    assert result.metadata["answer_quality"] == "repaired"
    assert result.metadata["finish_repair_success_count"] == 1
    assert result.payload["route"] == "kb"
    assert len(model.asked) == 2


async def test_a_first_reply_is_an_answer() -> None:
    planner, _ = planner_with(answer("at once"))
    result = finished(await planner.run("q"))
    assert result.metadata["answer_quality"] == "answer"
    assert result.metadata["finish_repair_success_count"] == 0
