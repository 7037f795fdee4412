"""Argument models made from the schemas of servers."""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from penguiflow.tools._schema.arguments import MAX_SCHEMA_CHARS, arguments_model, result_model

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

UNBOUNDED_COST_S = 30.0
"""No figure of ours: what is exponential in its schema takes minutes, or for ever."""


def test_the_schema_of_the_model_is_that_of_the_server() -> None:
    model = arguments_model("SearchArgs", SCHEMA, origin=None)
    assert model.__name__ == "SearchArgs"
    assert model.model_json_schema() == SCHEMA
    model.model_json_schema()["properties"].clear()
    assert model.model_json_schema() == SCHEMA


def test_hidden_characters_are_visible_in_texts_and_untouched_in_names_and_values() -> None:
    hostile: dict[str, Any] = {
        "type": "object",
        "description": "do\u202ethis",
        "properties": {
            "description": {"type": "string", "description": "a\u200bb", "enum": ["x\u202ey"]},
            "examples": {"title": "\x1b[31m", "default": {"title": "\u202e"}},
        },
    }
    model = arguments_model("Args", hostile, origin=None)
    assert model.model_json_schema() == {
        "type": "object",
        "description": "do<U+202E>this",
        "properties": {
            "description": {"type": "string", "description": "a<U+200B>b", "enum": ["x\u202ey"]},
            "examples": {"title": "␛[31m", "default": {"title": "\u202e"}},
        },
    }
    assert model.model_fields["description"].description == "a<U+200B>b"


def test_the_fields_carry_defaults_and_descriptions_that_are_not_sent() -> None:
    model = arguments_model("Args", SCHEMA, origin=None)
    count, ratio = model.model_fields["count"], model.model_fields["ratio"]
    assert (count.is_required(), count.description) == (True, "How many.")
    assert (ratio.is_required(), ratio.default) == (False, None)
    paged = arguments_model(
        "Paged",
        {"properties": {"page": {"type": "integer", "default": 3}, "tags": {"default": ["a"]}}},
        origin=1,
    )
    assert (paged.model_fields["page"].default, paged.model_fields["page"].is_required()) == (3, False)
    read: Any = paged.model_validate({})
    assert (read.page, read.tags, read.model_dump(), paged.origin) == (3, ["a"], {}, 1)
    assert paged.model_validate({"page": None}).model_dump() == {}
    assert paged.model_validate({"page": 3}).model_dump() == {"page": 3}


def test_a_model_can_be_used_in_every_way_of_pydantic() -> None:
    model = arguments_model("Args", SCHEMA, origin=None)
    made = model(**{"count": 2})
    for same in (
        made,
        model.model_validate({"count": 2}),
        model.model_validate_json('{"count": 2}'),
        TypeAdapter(model).validate_python({"count": 2}),
        made.model_copy(),
    ):
        assert isinstance(same, model)
        assert same == made
        assert (same.model_dump(), same.model_dump_json()) == ({"count": 2}, '{"count":2}')
    assert TypeAdapter(model).dump_python(made) == {"count": 2}
    with pytest.raises(ValidationError):
        model(**{"count": 9})
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(model).validate_python({"count": 1, "place": {}})
    assert caught.value.errors()[0]["loc"] == ("place", "city")


def test_a_tool_without_parameters_takes_and_sends_nothing() -> None:
    empty: list[dict[str, Any]] = [{}, {"type": "object"}, {"type": "object", "properties": {}}]
    for schema in empty:
        model = arguments_model("Args", schema, origin=None)
        assert (model().model_dump(), model.model_fields) == ({}, {})


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


def _wide(letters: str, ending: dict[str, Any], width: int = 32) -> dict[str, Any]:
    """Return definitions each of which is a choice among many of the next."""
    following = [*letters[1:], "end"]
    return {
        "end": ending,
        **{
            name: {"anyOf": [{"$ref": f"#/$defs/{after}"}] * width}
            for name, after in zip(letters, following, strict=True)
        },
    }


_INTEGER = {"type": "integer"}


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": _wide("abcdefgh", _INTEGER)},
        {
            "properties": {f"a{number}": {"$ref": "#/$defs/a"} for number in range(400)},
            "$defs": _wide("abc", _INTEGER),
        },
        {"properties": {"a": {"type": "array", "items": _nested(7)}}},
        {"properties": {"a": {"type": "array", "items": {"anyOf": [{"enum": [n]} for n in range(32)]}}}},
        {"properties": {f"k{number}": {} for number in range(5_000)}},
        {"properties": {f"k{n}": {"type": "object", "properties": {"x": {}}} for n in range(400)}},
        {"properties": {f"k{n}": {"type": "string", "pattern": f"^(a+)+{n}$"} for n in range(400)}},
        {"properties": {"a": {"type": "string", "pattern": "(((a{1,100}){1,100}){1,100}){1,100}"}}},
        {"properties": {"a": {"type": "string", "pattern": "(?=" * 500}}},
        {"properties": {"a": {"type": "string", "minLength": 10**40}}},
        {"properties": {"a": {"type": "integer", "minimum": 10**400}}},
        {"properties": {"a": {"enum": list(range(15_000))}}},
        {"type": "object", "properties": {"a": _nested(12)}},
        {"type": "object", "properties": {"a": {"$ref": "#/properties/a"}}},
        {"type": "object", "properties": {f"k{number}": {"$ref": "#"} for number in range(20)}},
        {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}},
        {"type": "object", "properties": {"a": {"type": "string", "description": "x" * MAX_SCHEMA_CHARS}}},
        {"properties": 5, "required": "a"},
        {"type": "object", "properties": {"a": {"type": "integer", "minimum": "low"}}, "required": [[]]},
    ],
)
def test_the_cost_of_hostile_schemas_is_bounded(schema: dict[str, Any]) -> None:
    started = time.process_time()
    model = arguments_model("Args", schema, origin=None)
    for value in ("a" * 5000 + "!", [["x"] * 100] * 20, 7):
        with contextlib.suppress(ValidationError):
            model.model_validate({"a": value})
    assert time.process_time() - started < UNBOUNDED_COST_S


def test_a_schema_of_another_host_is_never_fetched() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/schema"
        schema: dict[str, Any] = {
            "$id": url,
            "$schema": url,
            "properties": {"a": {"$ref": url}, "b": {"$ref": f"{url}#/b"}},
        }
        assert arguments_model("Args", schema, origin=None)(**{"a": 1, "b": "x"}).model_dump() == {
            "a": 1,
            "b": "x",
        }
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_ten_thousand_models_are_made_without_converting_their_schemas() -> None:
    models = [arguments_model(f"Args{number}", SCHEMA, origin=None) for number in range(10_000)]
    assert {vars(model)["penguiflow_made"] for model in models} == {None}
    first, last = models[0](**{"count": 1}), models[-1](**{"count": 1})
    assert last.model_dump() == {"count": 1}
    assert isinstance(last, models[-1])
    assert not isinstance(last, models[0])
    assert type(first) is not type(last)
    assert (type(last).__name__, models[-1].__name__) == ("Args9999", "Args9999")


def test_a_result_holds_any_value_in_one_field() -> None:
    model = result_model("ns_toolResult")
    result = model.model_validate({"result": [1, {"a": None}]})
    assert isinstance(result, model)
    assert (model.__name__, list(model.model_fields)) == ("ns_toolResult", ["result"])
    assert result.model_dump() == {"result": [1, {"a": None}]}
    assert TypeAdapter(model).validate_python({}).model_dump() == {"result": None}
    assert model.model_json_schema()["title"] == "ns_toolResult"


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
