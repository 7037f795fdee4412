"""What a call may lack, how it is asked for, and what only looks like a value."""

from __future__ import annotations

import json
from datetime import datetime
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AliasChoices, BaseModel, Field, SecretStr, field_validator

from penguiflow.catalog import NodeSpec, build_catalog, tool
from penguiflow.planner import PlannerAction
from penguiflow.planner._rules.arguments import InvalidArgs, ValidArgs, check_args, needs_approval
from penguiflow.planner._rules.missing_values import (
    clarification,
    fill_request,
    read_fill,
    takes_simple_value,
)
from penguiflow.planner._rules.placeholders import placeholder_rule
from tests.fakes.planner_tools import Saved


class Colour(Enum):
    RED = "red"


class Nested(BaseModel):
    inner: str


class Everything(BaseModel):
    text: str
    number: int
    ratio: float
    flag: bool
    choice: Literal["a", 1]
    colour: Colour
    maybe: str | None
    either: int | str
    bounded: Annotated[int, Field(gt=0)]
    optional_choice: Literal["a"] | None
    called: str = Field(alias="Called")
    known: str = Field(validation_alias="Known")
    several: str = Field(validation_alias=AliasChoices("one", "two"))
    items: list[str]
    table: dict[str, int]
    nested: Nested
    mixed: str | list[str]
    when: datetime
    secret: SecretStr
    anything: Any


@pytest.mark.parametrize(
    ("name", "simple"),
    [
        ("text", True),
        ("number", True),
        ("ratio", True),
        ("flag", True),
        ("choice", True),
        ("colour", True),
        ("maybe", True),
        ("either", True),
        ("bounded", True),
        ("optional_choice", True),
        ("Called", True),
        ("Known", True),
        ("one", False),
        ("items", False),
        ("table", False),
        ("nested", False),
        ("nested.inner", False),
        ("mixed", False),
        ("when", False),
        ("secret", False),
        ("anything", False),
        ("unheard_of", False),
    ],
)
def test_a_text_a_number_a_yes_or_a_choice_is_a_simple_value(name: str, simple: bool) -> None:
    assert takes_simple_value(Everything, name) is simple


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('{"a": 1, "b": "x", "c": 5}', {"a": 1, "b": "x"}),
        ('{"args": {"a": 1}}', {"a": 1}),
        ('{"args": {"a": 1}, "a": 2}', {"a": 2}),
        ('{"args": "odd", "b": false}', {"b": False}),
        ('Sure: {"a": 0}', {"a": 0}),
        ('{"a": null, "b": " "}', {}),
        ('{"a": "<auto>", "b": " <auto> "}', {}),
        ("<a>1</a> and <b> x\ny </b><c>5</c>", {"a": "1", "b": "x\ny"}),
        ("<a></a><b><auto></b>", {}),
        ("<a>1</b>", {}),
        ("I do not know.", {}),
        ("", {}),
        ('{"a": ', {}),
        ('{"next_node": 5}', {}),
    ],
)
def test_only_what_was_asked_for_and_is_given_is_read(text: str, values: dict[str, Any]) -> None:
    assert read_fill(text, ["a", "b"]) == values


@pytest.mark.parametrize(
    ("text", "next_node"),
    [
        ('{"next_node": "look", "args": {"a": 1}}', "look"),
        ('{"next_node": null, "args": {"answer": "no"}}', "final_response"),
        ('{"action": {"next_node": "look", "args": {}}}', "look"),
        ('{"plan": [{"node": "look"}]}', "parallel"),
    ],
)
def test_a_reply_that_is_an_action_is_one(text: str, next_node: str) -> None:
    action = read_fill(text, ["a"])
    assert isinstance(action, PlannerAction)
    assert (action.next_node, action.raw_llm_response) == (next_node, text)


@given(st.text(max_size=80) | st.text(alphabet='<>ab/{}":', max_size=60))
def test_no_reply_gives_more_than_what_was_asked_for(text: str) -> None:
    read = read_fill(text, ["a", "b"])
    assert isinstance(read, PlannerAction) or read.keys() <= {"a", "b"}


class Order(BaseModel):
    amount: int = Field(description="how many")
    kind: Literal["keep", "drop"]
    note: str = ""


def test_the_request_shows_the_call_and_what_it_lacks() -> None:
    action = PlannerAction(next_node="order", args={"kind": "keep"}, thought="must")
    said, asked = fill_request(action, Order, ["amount"], "amount is missing")
    assert (said["role"], json.loads(said["content"])["args"]) == ("assistant", {"kind": "keep"})
    body = json.loads(asked["content"])
    assert (asked["role"], body["error"], body["missing_fields"]) == (
        "user",
        "amount is missing",
        ["amount"],
    )
    assert body["schemas"] == {"amount": {"type": "integer", "description": "how many"}}


def test_a_person_is_asked_in_the_words_of_the_schema() -> None:
    said = clarification(Order, "order", ["amount", "kind", "other"])
    assert said == "To use `order` I need to know: amount (how many), kind (string), other."


def spec_of(**options: Any) -> NodeSpec:
    @tool(desc="order", **options)
    async def order(args: Order, ctx: Any) -> Saved:
        raise AssertionError

    return build_catalog([order])[0]


@pytest.mark.parametrize(
    ("args", "missing", "fillable"),
    [
        ({}, ["amount", "kind"], ["amount", "kind"]),
        ({"amount": None, "kind": "keep"}, ["amount"], ["amount"]),
        ({"amount": "five", "kind": "keep"}, [], []),
        ({"amount": "five"}, ["kind"], []),
        ({"amount": 1, "kind": "other"}, [], []),
    ],
)
def test_arguments_that_are_only_missing_may_be_asked_for(
    args: dict[str, Any], missing: list[str], fillable: list[str]
) -> None:
    checked = check_args(spec_of(), args)
    assert isinstance(checked, InvalidArgs)
    assert (list(checked.missing), list(checked.fillable), checked.source) == (
        missing,
        fillable,
        "validation",
    )
    assert checked.error("order").startswith("arguments of `order` did not validate: ")


def test_the_arguments_that_pass_are_shown_with_their_defaults() -> None:
    checked = check_args(spec_of(), {"amount": "2", "kind": "keep", "unknown": 1})
    assert isinstance(checked, ValidArgs)
    assert (checked.parsed, checked.shown) == (
        Order(amount=2, kind="keep"),
        {"amount": 2, "kind": "keep", "note": ""},
    )


@pytest.mark.parametrize(
    ("answer", "refused"),
    [
        (None, None),
        (True, None),
        ("too many", "too many"),
        ({"error": "too many"}, "too many"),
        ({"error": ""}, "refused by the tool's validator"),
        (False, "refused by the tool's validator"),
        (5, "5"),
        (ValueError("broken"), "ValueError: broken"),
    ],
)
def test_a_validator_of_the_tools_own_may_refuse(answer: Any, refused: str | None) -> None:
    def validator(args: Order, action: PlannerAction | None) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    checked = check_args(spec_of(arg_validator=validator), {"amount": 1, "kind": "keep"})
    if refused is None:
        assert isinstance(checked, ValidArgs)
    else:
        assert isinstance(checked, InvalidArgs)
        assert checked.messages == [refused]
        broken = isinstance(answer, Exception)
        assert checked.source == ("validator_error" if broken else "validator")


class Broken(BaseModel):
    text: str

    @field_validator("text")
    @classmethod
    def _check(cls, value: str) -> str:
        raise KeyError(value)


def test_a_model_whose_own_validator_breaks_refuses_the_call() -> None:
    @tool(desc="broken")
    async def broken(args: Broken, ctx: Any) -> Saved:
        raise AssertionError

    checked = check_args(build_catalog([broken])[0], {"text": "x"})
    assert isinstance(checked, InvalidArgs)
    assert checked.messages == ["KeyError: 'x'"]


@pytest.mark.parametrize(
    ("rule", "asks"),
    [
        (False, False),
        (True, True),
        (lambda args: args.amount > 1, True),
        (lambda args: args.amount > 2, False),
        (lambda args: 1 / 0, True),
    ],
)
def test_a_predicate_that_fails_asks_a_person(rule: Any, asks: bool) -> None:
    spec = spec_of(requires_approval=rule)
    assert needs_approval(spec, Order(amount=2, kind="keep")) is asks


@pytest.mark.parametrize(
    ("rule", "found", "rejects", "tells"),
    [
        (None, {"a.0.b": "<auto>"}, False, True),
        (True, {"a.0.b": "<auto>"}, True, True),
        ({"placeholders": ["TBD"]}, {"a.0.b": "<auto>", "c": "TBD"}, False, True),
        (
            {"placeholders": ["TBD"], "reject_placeholders": True, "emit_suspect": False},
            {"a.0.b": "<auto>", "c": "TBD"},
            True,
            False,
        ),
        ("odd", {"a.0.b": "<auto>"}, False, True),
    ],
)
def test_placeholders_are_found_at_any_depth_by_their_paths(
    rule: object, found: dict[str, str], rejects: bool, tells: bool
) -> None:
    read = placeholder_rule(rule)
    args = {"a": [{"b": " <auto> "}], "c": "TBD", "d": "<auto> is part of it", "e": 5, "TBD": None}
    assert (read.found_in(args), read.rejects, read.tells) == (found, rejects, tells)


def test_a_call_with_a_placeholder_is_refused_where_the_tool_says_so_and_else_remembered() -> None:
    args = {"amount": 1, "kind": "keep", "note": "<auto>"}
    told = check_args(spec_of(), args)
    assert isinstance(told, ValidArgs)
    assert told.placeholders == {"note": "<auto>"}
    refused = check_args(spec_of(arg_validation={"reject_placeholders": True}), args)
    assert isinstance(refused, InvalidArgs)
    assert (refused.source, refused.placeholders) == ("placeholder", {"note": "<auto>"})
    silent = check_args(spec_of(arg_validation={"emit_suspect": False}), args)
    assert isinstance(silent, ValidArgs)
    assert silent.placeholders == {}
