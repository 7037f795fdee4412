"""Calls of tools: arguments that do not fit, tools that fail, and what the model is told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from pydantic import BaseModel, field_validator

from penguiflow import Node, NodePolicy
from penguiflow.catalog import tool
from tests.fakes.planner_tools import (
    Note,
    Notebook,
    Saved,
    answer,
    call,
    finished,
    last_user_message,
    planner_for,
)


class Picky(BaseModel):
    n: int

    @field_validator("n")
    @classmethod
    def refuse(cls, value: int) -> int:
        raise ValueError("never good")


async def test_missing_arguments_go_back_to_the_model_and_the_tool_does_not_run() -> None:
    notebook = Notebook()
    planner, llm = planner_for(call("save"), answer("I need the text."), notebook=notebook)
    result = finished(await planner.run("save it"))
    assert notebook.stored == []
    error = last_user_message(llm.received[1])["error"]
    assert "`save`" in error
    assert "did not validate" in error
    assert "text" in error
    assert "pydantic.dev" not in error
    assert result.metadata["args_invalid_count"] == 1


async def test_arguments_that_keep_failing_end_the_run_honestly() -> None:
    planner, _ = planner_for(*[call("look")] * 3)
    result = finished(await planner.run("q"))
    assert (result.reason, result.metadata["answer_quality"]) == ("no_path", "none")
    assert result.payload["missing_fields"] == ["text"]
    assert result.metadata["requires_followup"] is True


async def test_a_validator_that_raises_is_an_observation_and_no_crash() -> None:
    @tool(desc="picky")
    async def picky(args: Picky, ctx: Any) -> Saved:
        raise AssertionError("must not run")

    planner, llm = planner_for(call("picky", n=1), answer(), catalog=[picky])
    await planner.run("q")
    assert "never good" in last_user_message(llm.received[1])["error"]


@pytest.mark.parametrize("reply", ["too long", {"error": "too long"}, False, ValueError("too long")])
async def test_a_tools_own_validator_can_refuse_a_call(reply: Any) -> None:
    def validator(args: Note, action: Any) -> Any:
        if isinstance(reply, Exception):
            raise reply
        return reply

    @tool(desc="checked", arg_validator=validator)
    async def checked(args: Note, ctx: Any) -> Saved:
        raise AssertionError("must not run")

    planner, llm = planner_for(call("checked", text="x"), answer(), catalog=[checked])
    await planner.run("q")
    assert "did not validate" in last_user_message(llm.received[1])["error"]


async def test_placeholders_are_refused_where_a_tool_says_so() -> None:
    @tool(desc="strict", arg_validation={"reject_placeholders": True, "placeholders": ["TBD"]})
    async def strict(args: Note, ctx: Any) -> Saved:
        return Saved(stored=args.text)

    planner, llm = planner_for(
        call("strict", text="TBD"),
        call("strict", text="<auto>"),
        call("strict", text="real"),
        answer(),
        catalog=[strict],
    )
    await planner.run("q")
    assert "placeholder" in last_user_message(llm.received[1])["error"]
    assert "placeholder" in last_user_message(llm.received[2])["error"]
    assert last_user_message(llm.received[3]) == {"observation": {"stored": "real"}}


async def test_an_unknown_tool_is_an_error_step_that_lists_the_valid_names() -> None:
    planner, llm = planner_for(call("delete_all"), answer())
    result = finished(await planner.run("q"))
    error = last_user_message(llm.received[1])["error"]
    assert "`delete_all` is not in the catalog" in error
    assert "ask, fail, look, merge, save" in error
    assert result.metadata["steps"][0]["error"] == error


async def test_a_failing_tool_is_told_with_its_suggestion() -> None:
    planner, llm = planner_for(call("fail", text="x"), answer())
    await planner.run("q")
    message = last_user_message(llm.received[1])
    assert "`fail`" in message["error"]
    assert "DiskFull" in message["error"]
    assert message["failure"] == {
        "node": "fail",
        "args": {"text": "x", "copies": 1},
        "error_code": "DiskFull",
        "message": "no space left",
        "suggestion": "delete old notes",
    }


async def test_a_result_of_the_wrong_shape_is_an_error_step() -> None:
    @tool(desc="liar")
    async def liar(args: Note, ctx: Any) -> Saved:
        return {"wrong": 1}  # type: ignore[return-value] # the point of the test

    planner, llm = planner_for(call("liar", text="x"), answer(), catalog=[liar])
    await planner.run("q")
    error = last_user_message(llm.received[1])["error"]
    assert "returned data" in error
    assert "did not validate" in error


@pytest.mark.parametrize(
    "error",
    [SystemExit(3), StopIteration(), asyncio.CancelledError(), ExceptionGroup("g", [ValueError("x")])],
)
async def test_whatever_a_tool_raises_the_run_goes_on(error: BaseException) -> None:
    @tool(desc="rude")
    async def rude(args: Note, ctx: Any) -> Saved:
        raise error

    planner, llm = planner_for(call("rude", text="x"), answer(), catalog=[rude])
    assert finished(await planner.run("q")).reason == "answer_complete"
    assert "`rude` raised" in last_user_message(llm.received[1])["error"]


async def test_the_timeout_and_retries_of_a_node_hold_for_tools() -> None:
    attempts: list[str] = []

    async def flaky(args: Note, ctx: Any) -> Saved:
        attempts.append(args.text)
        if len(attempts) < 3:
            await asyncio.sleep(30)
        return Saved(stored="third time")

    policy = NodePolicy(timeout_s=0.01, max_retries=2, backoff_base=0.0)
    planner, llm = planner_for(call("flaky", text="x"), answer(), catalog=[Node(flaky, policy=policy)])
    await planner.run("q")
    assert len(attempts) == 3
    assert last_user_message(llm.received[1]) == {"observation": {"stored": "third time"}}


async def test_a_tool_that_times_out_says_after_how_long() -> None:
    async def slow(args: Note, ctx: Any) -> Saved:
        await asyncio.sleep(30)
        raise AssertionError

    catalog = [Node(slow, policy=NodePolicy(timeout_s=0.01))]
    planner, llm = planner_for(call("slow", text="x"), answer(), catalog=catalog)
    await planner.run("q")
    assert last_user_message(llm.received[1])["failure"]["message"] == "timed out after 0.01 s"


async def test_calls_chosen_before_a_failure_do_not_run_after_it() -> None:
    both = json.dumps(call("fail", text="a")) + json.dumps(call("look", text="b"))
    planner, llm = planner_for(both, answer(), multi_action_sequential=True)
    result = finished(await planner.run("q"))
    assert [step["action"]["next_node"] for step in result.metadata["steps"]] == ["fail"]
    assert len(llm.received) == 2


async def test_a_result_that_python_cannot_write_out_is_told_in_words() -> None:
    class Power(BaseModel):
        value: int

    @tool(desc="a huge number")
    async def power(args: Note, ctx: Any) -> Power:
        return Power(value=10**5_000)

    planner, llm = planner_for(call("power", text="x"), answer(), catalog=[power])
    finished(await planner.run("q"))
    assert "an integer of 16610 bits" in llm.received[1][-1]["content"]
