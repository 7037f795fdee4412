"""Section 6: an action as a value, and the format a model is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from penguiflow.planner import PlannerAction
from tests.contract.planner.fakes_a import JSON_OBJECT, Client, both, end, planner_of, use


def test_an_action_has_its_defaults() -> None:
    action = PlannerAction(next_node="echo")
    assert (action.args, action.thought) == ({}, "")
    assert (action.raw_llm_response, action.alternate_actions) == (None, None)


def test_a_dump_leaves_out_what_only_the_parser_knows() -> None:
    action = PlannerAction(next_node="echo", raw_llm_response="...", alternate_actions=[{"next_node": "x"}])
    assert not action.model_dump().keys() & {"raw_llm_response", "alternate_actions"}


def test_the_schema_of_an_action_hides_its_thought() -> None:
    assert "thought" not in PlannerAction.model_json_schema()["properties"]


@pytest.mark.parametrize(
    ("next_node", "terminal", "parallel", "background", "tool_call"),
    [
        ("echo", False, False, False, True),
        ("final_response", True, False, False, False),
        ("parallel", False, True, False, False),
        ("task.subagent", False, False, True, False),
        ("task.tool", False, False, True, False),
    ],
)
def test_an_action_knows_what_it_is(
    next_node: str, terminal: bool, parallel: bool, background: bool, tool_call: bool
) -> None:
    action = PlannerAction(next_node=next_node)
    assert (action.is_terminal(), action.is_parallel()) == (terminal, parallel)
    assert (action.is_background_task(), action.is_tool_call()) == (background, tool_call)


@pytest.mark.parametrize(
    ("next_node", "args", "answer", "text"),
    [
        ("final_response", {"answer": "a"}, "a", "a"),
        ("final_response", {"raw_answer": "r"}, None, "r"),
        ("final_response", {"answer": "a", "raw_answer": "r"}, "a", "a"),
        ("final_response", {"answer": 5, "raw_answer": "r"}, 5, "r"),
        ("final_response", {}, None, None),
        ("echo", {"answer": "a"}, None, "a"),
    ],
)
def test_an_action_tells_its_answer(next_node: str, args: dict[str, Any], answer: Any, text: Any) -> None:
    action = PlannerAction(next_node=next_node, args=args)
    assert (action.get_answer(), action.answer_text()) == (answer, text)


def test_a_plan_tells_its_steps_and_its_join() -> None:
    join = {"node": "merge", "args": {"a": 1}, "inject": {"b": "$results"}}
    action = PlannerAction.model_validate(both(use("echo", text="a"), use("other"), join=join))
    steps, found = action.get_plan_steps(), action.get_plan_join()
    assert [(step.node, step.args) for step in steps] == [("echo", {"text": "a"}), ("other", {})]
    assert found is not None
    assert (found.node, found.args) == ("merge", {"a": 1})
    assert found.inject is not None
    assert found.inject.mapping == {"b": "$results"}


def test_a_join_has_its_defaults() -> None:
    join = PlannerAction.model_validate(both(use("echo"), join={"node": "merge"})).get_plan_join()
    assert join is not None
    assert (join.args, join.inject, join.on_failure) == ({}, None, "skip")


@pytest.mark.parametrize(
    "action", [both(use("echo")), both(use("echo"), join=None), use("echo", join={"node": "m"}), end()]
)
def test_without_a_plan_or_without_a_join_there_is_no_join(action: dict[str, Any]) -> None:
    assert PlannerAction.model_validate(action).get_plan_join() is None


async def formats(client: Client, **options: Any) -> list[Any]:
    await planner_of(client, **options).run("q")
    return [request.response_format for request in client.requests]


async def test_a_planning_call_asks_for_an_action() -> None:
    (response_format,) = await formats(Client(end()))
    assert response_format.keys() == {"type", "json_schema"}
    assert response_format["type"] == "json_schema"
    assert response_format["json_schema"]["name"] == "planner_action"
    base, conditional = response_format["json_schema"]["schema"]["allOf"]
    assert (base["type"], base["additionalProperties"]) == ("object", False)
    assert sorted(base["required"]) == ["args", "next_node"]
    assert base["properties"]["next_node"]["type"] == "string"
    assert base["properties"]["args"]["type"] == "object"
    assert base["properties"]["args"].get("additionalProperties", True) is True

    condition, consequence = conditional["if"], conditional["then"]
    assert "final_response" in str(condition["properties"]["next_node"])
    args = consequence["properties"]["args"]
    assert args["required"] == ["answer"]
    assert args["properties"]["answer"].items() >= {"type": "string", "minLength": 1}.items()


async def test_without_the_schema_mode_no_format_is_asked_for() -> None:
    assert await formats(Client(use("echo"), end()), json_schema_mode=False) == [None, None]


class ExpectingClient(Client):
    expects_json_schema: Any = True


async def test_a_client_that_expects_a_schema_gets_it_in_any_mode() -> None:
    (response_format,) = await formats(ExpectingClient(end()), json_schema_mode=False)
    assert response_format["json_schema"]["name"] == "planner_action"


async def test_repairing_a_finish_asks_for_any_object() -> None:
    client = Client({"next_node": "final_response", "args": {}}, {"answer": "mended"})
    assert (await formats(client))[1] == JSON_OBJECT
