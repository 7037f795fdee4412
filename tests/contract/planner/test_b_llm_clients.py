"""Section 22: any object with `complete` is a model."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest

from penguiflow.llm import LLMReply
from penguiflow.planner import ReactPlanner, ReflectionConfig
from tests.contract.planner.fakes_b import Bench, Model, PlainModel, planner_with
from tests.fakes.planner_tools import answer, call, finished

YES = json.dumps(answer("yes"))


@pytest.mark.parametrize("reply", [YES, (YES, 0.5), (YES, 0.0), LLMReply(text=YES)])
async def test_a_client_may_return_a_text_a_pair_or_a_reply(reply: Any) -> None:
    planner, _ = planner_with(lambda _: reply)
    assert finished(await planner.run("q")).payload["raw_answer"] == "yes"


@pytest.mark.parametrize("reply", [b"bytes", 7, ["a", "list"], (YES, 0.5, "more")])
async def test_anything_else_is_a_type_error(reply: Any) -> None:
    class Wrong:
        async def complete(self, **request: Any) -> Any:
            return reply

    with pytest.raises(TypeError):
        await ReactPlanner(llm_client=Wrong(), catalog=[]).run("q")


async def test_a_client_gets_all_four_keywords() -> None:
    seen: list[set[str]] = []

    class Watching(Model):
        async def complete(self, **request: Any) -> Any:
            seen.append(set(request))
            return await super().complete(**request)

    planner, _ = planner_with(model=Watching(answer()))
    await planner.run("q")
    assert seen == [{"messages", "response_format", "stream", "on_stream_chunk"}]


async def test_a_client_with_two_keywords_is_enough_for_every_kind_of_call() -> None:
    model = PlainModel(
        call("echo"),
        {"next_node": "final_response", "args": {}},
        json_object=[{"answer": "mended"}],
        reflection_critique=[{"score": 1.0, "passed": True, "feedback": ""}],
    )
    planner, _ = planner_with(model=model, reflection_config=ReflectionConfig(enabled=True))
    assert finished(await planner.run("q")).payload["raw_answer"] == "mended"
    assert [asked.role for asked in model.asked] == [
        "planner_action", "planner_action", "json_object", "reflection_critique",
    ]  # fmt: skip


async def test_messages_are_mappings_of_role_and_content() -> None:
    planner, model = planner_with(call("echo"), answer())
    await planner.run("q")
    for asked in model.asked:
        for message in asked.messages:
            assert message["role"] in {"system", "user", "assistant"}
            assert isinstance(message["content"], str)


async def test_a_planning_call_asks_for_the_schema_of_an_action() -> None:
    planner, model = planner_with(answer())
    await planner.run("q")
    wanted = model.asked[0].response_format
    assert wanted is not None
    assert (wanted["type"], wanted["json_schema"]["name"]) == ("json_schema", "planner_action")


async def test_the_schema_can_be_left_out() -> None:
    planner, model = planner_with(answer(), json_schema_mode=False)
    await planner.run("q")
    assert model.asked[0].response_format is None


async def test_a_client_that_expects_the_schema_gets_it_all_the_same() -> None:
    class Expecting(Model):
        expects_json_schema = True

    planner, model = planner_with(model=Expecting(answer()), json_schema_mode=False)
    await planner.run("q")
    assert model.asked[0].response_format is not None


async def test_a_given_client_wins_over_a_model_name() -> None:
    planner = ReactPlanner("gpt-4o", llm_client=Model(answer("mine")), catalog=Bench().catalog())
    assert finished(await planner.run("q")).payload["raw_answer"] == "mine"


@pytest.mark.parametrize(
    "error", [ConnectionError("down"), RuntimeError("broken"), ValueError("bad"), TimeoutError("slow")]
)
async def test_what_a_client_raises_comes_out_of_the_run(error: Exception) -> None:
    planner, _ = planner_with(error)
    with pytest.raises(type(error), match=str(error)):
        await planner.run("q")


def test_litellm_is_not_imported_before_the_first_call() -> None:
    program = (
        "import sys; from penguiflow.planner import ReactPlanner; ReactPlanner('gpt-4o', catalog=[]); "
        "assert 'litellm' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_missing_litellm_is_told_at_the_first_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "litellm", None)
    planner = ReactPlanner("gpt-4o", catalog=[])
    with pytest.raises(RuntimeError, match=r"penguiflow\[planner\]"):
        asyncio.run(planner.run("q"))
