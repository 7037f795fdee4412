"""Section 9: arguments that do not fit a tool, and values that are asked for and never invented."""

from __future__ import annotations

import enum
import json
from typing import Any, Literal

import pytest
from pydantic import BaseModel, create_model, field_validator

from penguiflow.catalog import tool
from tests.contract.planner.fakes_a import JSON_OBJECT, Client, Echoed, Text, Tools, end, planner_of, run, use


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Order(BaseModel):
    item: str
    count: int
    gift: bool = False


class Checked(BaseModel):
    word: str

    @field_validator("word")
    @classmethod
    def short(cls, value: str) -> str:
        if len(value) > 3:
            raise ValueError("a word has three letters")
        return value


class Inner(BaseModel):
    depth: int


def taking(model: type[BaseModel], seen: list[Any] | None = None, name: str = "take", **marks: Any) -> Any:
    """Return a tool with these arguments, which notes what it got."""

    async def take(args: Any, ctx: Any) -> Echoed:
        if seen is not None:
            seen.append(args)
        return Echoed(said="taken")

    take.__name__ = name
    take.__annotations__["args"] = model
    return tool(**{"desc": f"Takes {name}", **marks})(take)


def requiring(kind: Any, seen: list[Any] | None = None) -> Any:
    return taking(create_model("Wanted", value=(kind, ...)), seen)


@pytest.mark.parametrize(
    "args",
    [
        {"item": "hat", "count": "three"},
        {"item": ["hat"], "count": 1},
        {"item": "hat", "count": 1, "gift": "perhaps"},
    ],
    ids=str,
)
async def test_arguments_of_a_wrong_type_are_an_error_step(args: dict[str, Any]) -> None:
    seen: list[Any] = []
    ran = await run(use("take", **args), end(), catalog=[taking(Order, seen)])
    assert seen == []
    assert "take" in ran.error
    assert "did not validate" in ran.error
    assert ran.requests[1].last["error"] == ran.error
    assert ran.client.kinds == ["planner_action"] * 2


async def test_the_error_names_the_field() -> None:
    ran = await run(use("take", item="hat", count="three"), end(), catalog=[taking(Order)])
    assert "count" in ran.error


async def test_a_validator_of_the_model_that_raises_is_an_error_step_too() -> None:
    ran = await run(use("take", word="penguin"), end("went on"), catalog=[taking(Checked)])
    assert "did not validate" in ran.error
    assert "a word has three letters" in ran.error
    assert ran.result.payload["raw_answer"] == "went on"


async def test_a_required_value_that_is_missing_is_asked_for_and_the_tool_runs_in_the_same_iteration() -> (
    None
):
    seen: list[Any] = []
    ran = await run(use("take", item="hat"), {"count": 3}, end(), catalog=[taking(Order, seen)])
    assert seen == [Order(item="hat", count=3)]
    assert ran.client.kinds == ["planner_action", "json_object", "planner_action"]
    assert ran.requests[1].response_format == JSON_OBJECT
    (step,) = ran.steps
    assert (step["error"], step["observation"]) == (None, {"said": "taken"})
    assert step["action"]["args"].items() >= {"item": "hat", "count": 3}.items()
    assert ran.result.metadata["arg_fill_success_count"] == 1
    assert ran.result.metadata["arg_fill_failure_count"] == 0


async def test_the_request_for_a_value_says_what_is_missing() -> None:
    ran = await run(use("take"), {"item": "hat", "count": 3}, end(), catalog=[taking(Order)])
    assert ran.requests[1].last.keys() >= {"error", "missing_fields"}
    assert sorted(ran.requests[1].last["missing_fields"]) == ["count", "item"]


async def test_filling_is_told() -> None:
    ran = await run(use("take", item="hat"), {"count": 3}, end(), catalog=[taking(Order)])
    (attempt,), (success,) = ran.events.of("arg_fill_attempt"), ran.events.of("arg_fill_success")
    assert (list(attempt.extra["missing_fields"]), attempt.extra["field_count"]) == (["count"], 1)
    assert (attempt.node_name, success.node_name) == ("take", "take")
    assert list(success.extra["filled_fields"]) == ["count"]
    (start,) = ran.events.of("tool_call_start")
    assert json.loads(start.extra["args_json"]).items() >= {"item": "hat", "count": 3}.items()


async def test_a_value_that_is_null_counts_as_missing() -> None:
    ran = await run(use("take", item="hat", count=None), {"count": 3}, end(), catalog=[taking(Order)])
    assert ran.steps[0]["action"]["args"]["count"] == 3


SIMPLE = {
    "str": (str, "a", "a"),
    "int": (int, 3, 3),
    "float": (float, 1.5, 1.5),
    "bool": (bool, True, True),
    "Literal": (Literal["keep", "delete"], "keep", "keep"),
    "enum": (Colour, "blue", Colour.BLUE),
}
CALLS = {
    "list": list[int],
    "dict": dict[str, int],
    "nested model": Inner,
    "set": set[str],
}


@pytest.mark.parametrize(("kind", "given", "value"), SIMPLE.values(), ids=SIMPLE)
async def test_simple_values_are_asked_for(kind: Any, given: Any, value: Any) -> None:
    seen: list[Any] = []
    ran = await run(use("take"), {"value": given}, end(), catalog=[requiring(kind, seen)])
    assert [args.value for args in seen] == [value]
    assert ran.client.kinds == ["planner_action", "json_object", "planner_action"]


@pytest.mark.parametrize("kind", CALLS.values(), ids=CALLS)
async def test_other_values_are_an_error_step(kind: Any) -> None:
    seen: list[Any] = []
    ran = await run(use("take"), end(), catalog=[requiring(kind, seen)])
    assert seen == []
    assert "did not validate" in ran.error
    assert ran.client.kinds == ["planner_action"] * 2


async def test_a_missing_value_beside_another_problem_is_an_error_step() -> None:
    ran = await run(use("take", count="three"), end(), catalog=[taking(Order)])
    assert "did not validate" in ran.error
    assert ran.client.kinds == ["planner_action"] * 2


async def test_without_filling_a_missing_value_is_an_error_step() -> None:
    seen: list[Any] = []
    ran = await run(use("take", item="hat"), end(), catalog=[taking(Order, seen)], arg_fill_enabled=False)
    assert seen == []
    assert "count" in ran.error
    assert ran.client.kinds == ["planner_action"] * 2


async def test_optional_values_are_not_asked_for() -> None:
    ran = await run(use("echo"), end())
    assert ran.client.kinds == ["planner_action"] * 2
    assert ran.steps[0]["observation"] == {"said": "x"}


REPLIES = {
    "fields": {"item": "hat", "count": 3},
    "fields in args": {"args": {"item": "hat", "count": 3}},
    "tags": "<item>hat</item><count>3</count>",
    "tags with prose around": "Here you are:\n<item>hat</item>\n<count>3</count>\nBye.",
    "a fence": '```json\n{"item": "hat", "count": 3}\n```',
}


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
async def test_the_values_may_come_in_several_forms(reply: Any) -> None:
    seen: list[Any] = []
    await run(use("take"), reply, end(), catalog=[taking(Order, seen)])
    assert seen == [Order(item="hat", count=3)]


async def test_a_whole_action_takes_the_place_of_the_call() -> None:
    seen: list[Any] = []
    tools = Tools()
    catalog = [taking(Order, seen), tools.named("echo")]
    ran = await run(use("take"), use("echo", text="instead"), end(), catalog=catalog)
    refused, instead = ran.steps
    assert (refused["action"]["next_node"], refused["observation"]) == ("take", None)
    assert "did not validate" in refused["error"]
    assert (instead["action"]["next_node"], instead["observation"]) == ("echo", {"said": "instead"})
    assert (seen, tools.calls) == ([], ["echo instead"])
    assert ran.client.kinds == ["planner_action", "json_object", "planner_action"]


async def test_a_whole_answer_takes_the_place_of_the_call_too() -> None:
    ran = await run(use("take"), end("I cannot know"), catalog=[taking(Order)])
    assert (ran.result.reason, ran.result.payload["raw_answer"]) == ("answer_complete", "I cannot know")
    assert len(ran.steps) == 1


UNUSABLE = {
    "prose": "I do not know.",
    "nothing": "",
    "no values": {},
    "only some values": {"item": "hat"},
    "a wrong type": {"item": "hat", "count": "many"},
    "a placeholder": {"item": "<auto>", "count": 3},
}


@pytest.mark.parametrize("reply", UNUSABLE.values(), ids=UNUSABLE)
async def test_values_that_cannot_be_had_end_the_run_without_a_call(reply: Any) -> None:
    seen: list[Any] = []
    ran = await run(use("take"), reply, catalog=[taking(Order, seen)])
    assert seen == []
    assert ran.result.reason == "no_path"
    payload = ran.result.payload
    assert payload.items() >= {
        "requires_followup": True, "failure_reason": "arg_fill_failed", "tool": "take",
    }.items()  # fmt: skip
    assert {"clarification", "missing_fields"} <= payload.keys()
    assert payload["clarification"]
    assert "count" in payload["missing_fields"]
    assert ran.result.metadata["arg_fill_failure_count"] == 1
    (failure,) = ran.events.of("arg_fill_failure")
    assert (failure.node_name, bool(failure.error)) == ("take", True)
    assert "raw_response_len" in failure.extra


async def test_each_tool_is_asked_for_once() -> None:
    catalog = [taking(Order), taking(Order, name="take_too")]
    ran = await run(
        use("take", item="hat"), {"count": 1}, use("take", item="cap"),
        use("take_too", item="hat"), {"count": 2}, end(), catalog=catalog,
    )  # fmt: skip
    action, fill = "planner_action", "json_object"
    assert ran.client.kinds == [action, fill, action, action, fill, action]
    assert [step["error"] is None for step in ran.steps] == [True, False, True]
    assert ran.result.metadata["arg_fill_success_count"] == 2


async def test_the_values_of_a_filled_call_are_checked_like_any_others() -> None:
    seen: list[Any] = []
    checked = taking(Order, seen, arg_validator=lambda args, action: "too many" if args.count > 9 else None)
    ran = await run(use("take", item="hat"), {"count": 10}, end(), catalog=[checked])
    assert seen == []
    assert ran.result.reason in {"answer_complete", "no_path"}


async def test_an_error_of_the_provider_while_filling_is_raised() -> None:
    planner = planner_of(Client(use("take"), ConnectionError("down")), [taking(Order)])
    with pytest.raises(ConnectionError):
        await planner.run("q")


async def test_the_step_that_was_refused_is_told_to_the_model_without_links() -> None:
    ran = await run(use("take", item=[1], count="x"), end(), catalog=[taking(Order)])
    assert "http" not in ran.error


async def test_arguments_nobody_asked_for_are_as_the_model_of_the_tool_has_it() -> None:
    ran = await run(use("echo", text="a", surplus=1), end(), catalog=[taking(Text, name="echo")])
    assert ran.steps[0]["error"] is None
