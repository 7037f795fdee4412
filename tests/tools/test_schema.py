"""Argument models made from the schemas of servers."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from penguiflow.tools._schema import MAX_SCHEMA_CHARS, arguments_model

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "count": {"type": "integer", "minimum": 1, "maximum": 5, "default": 2, "description": "How many."},
        "ratio": {"type": "number", "exclusiveMinimum": 0},
        "code": {"type": "string", "pattern": "^a+$", "minLength": 2},
        "lookahead": {"type": "string", "pattern": "^(?=x)"},
        "schema": {"type": "string", "enum": ["x", "y"]},
        "_private": {"type": "string"},
        "x-y": {"type": ["string", "null"]},
        "class": {"type": "boolean"},
        "model_dump": {},
        "place": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "zip": {"type": "integer"}},
            "required": ["city"],
            "additionalProperties": False,
        },
        "trees": {"type": "array", "items": {"$ref": "#/$defs/Tree"}, "maxItems": 2},
        "remote": {"$ref": "https://evil.invalid/schema"},
        "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
        "either": {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "string"}}]},
        "fixed": {"const": "v1"},
    },
    "required": ["count"],
    "$defs": {
        "Tree": {
            "type": "object",
            "properties": {
                "leaf": {"type": "integer"},
                "trees": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
            },
        }
    },
}


def test_the_schema_of_the_model_is_that_of_the_server() -> None:
    model = arguments_model("SearchArgs", SCHEMA, origin=None)
    assert model.__name__ == "SearchArgs"
    assert model.model_json_schema() == SCHEMA
    model.model_json_schema()["properties"].clear()
    assert model.model_json_schema() == SCHEMA


@pytest.mark.parametrize(
    "arguments",
    [
        {"count": 1},
        {"count": 3, "ratio": 3, "code": "aaa", "lookahead": "anything", "schema": "x"},
        {"count": 1, "_private": "p", "x-y": None, "class": True, "model_dump": [1, None]},
        {"count": 1, "place": {"city": "Rome"}, "trees": [{"leaf": 1, "trees": [{"leaf": 2}]}]},
        {"count": 1, "remote": {"a": 1}, "counts": {"a": 1}, "either": ["a"], "fixed": "v1", "unknown": 1},
    ],
)
def test_valid_arguments_are_dumped_as_they_were_given(arguments: dict[str, Any]) -> None:
    model = arguments_model("Args", SCHEMA, origin=None)
    parsed = model.model_validate(arguments)
    assert parsed.model_dump() == arguments
    assert parsed.model_dump(mode="json") == arguments
    assert model.model_validate(parsed.model_dump()) == parsed


def test_numbers_keep_their_kind() -> None:
    model = arguments_model("Args", SCHEMA, origin=None)
    ratios = [model.model_validate({"count": 1, "ratio": ratio}).model_dump()["ratio"] for ratio in (3, 3.5)]
    assert [repr(ratio) for ratio in ratios] == ["3", "3.5"]


def test_null_for_an_optional_argument_that_is_never_null_means_left_out() -> None:
    model = arguments_model("Args", SCHEMA, origin=None)
    given_nulls = {
        "count": 1,
        "ratio": None,
        "schema": None,
        "x-y": None,
        "place": {"city": "R", "zip": None},
    }
    assert model.model_validate(given_nulls).model_dump() == {"count": 1, "x-y": None, "place": {"city": "R"}}


@pytest.mark.parametrize(
    ("arguments", "place"),
    [
        ({}, ("count",)),
        ({"count": None}, ("count",)),
        ({"count": 6}, ("count",)),
        ({"count": "many"}, ("count",)),
        ({"count": 1, "ratio": 0}, ("ratio",)),
        ({"count": 1, "code": "b"}, ("code",)),
        ({"count": 1, "schema": "z"}, ("schema",)),
        ({"count": 1, "place": {}}, ("place", "city")),
        ({"count": 1, "place": {"city": "R", "more": 1}}, ("place", "more")),
        ({"count": 1, "trees": [{"leaf": "x"}]}, ("trees", 0, "leaf")),
        ({"count": 1, "trees": [{}, {}, {}]}, ("trees",)),
        ({"count": 1, "counts": {"a": "x"}}, ("counts", "a")),
        ({"count": 1, "fixed": "v2"}, ("fixed",)),
    ],
)
def test_invalid_arguments_are_refused_where_they_are_wrong(
    arguments: dict[str, Any], place: tuple[str | int, ...]
) -> None:
    with pytest.raises(ValidationError) as caught:
        arguments_model("Args", SCHEMA, origin=None).model_validate(arguments)
    assert caught.value.errors()[0]["loc"] == place


def _nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer"}
    for _ in range(depth):
        schema = {"anyOf": [schema, {"type": "array", "items": schema}]}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": _nested(12)}},
        {"type": "object", "properties": {"a": {"$ref": "#/properties/a"}}},
        {"type": "object", "properties": {f"k{number}": {"$ref": "#"} for number in range(20)}},
        {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}},
        {"type": "object", "properties": {"a": {"type": "string", "description": "x" * MAX_SCHEMA_CHARS}}},
        {"properties": 5, "required": "a"},
        {"type": "object", "properties": {"a": {"type": "integer", "minimum": "low"}}, "required": [[]]},
    ],
)
def test_hostile_schemas_cost_little(schema: dict[str, Any]) -> None:
    started = time.process_time()
    model = arguments_model("Args", schema, origin=None)
    with contextlib.suppress(ValidationError):
        model.model_validate({"a": "a" * 5000 + "!"})
    assert time.process_time() - started < 2.0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
KEYWORDS = ["type", "properties", "required", "enum", "items", "anyOf", "$ref", "minimum", "pattern", "const"]


@given(
    st.dictionaries(st.sampled_from(KEYWORDS), JSON | st.sampled_from(["object", "array", "#/properties"]))
)
def test_any_json_object_gives_a_usable_model(schema: dict[str, Any]) -> None:
    model = arguments_model("Args", schema, origin=None)
    assert isinstance(model.model_json_schema(), dict)
    with contextlib.suppress(ValidationError):
        model.model_validate({})
