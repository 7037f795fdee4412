"""Words of a command line as values of a tool's schema."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow_cli._tools_schema import SchemaPart
from penguiflow_cli._tools_values import ValueProblem, closest, value_of

STRINGS = {"type": "array", "items": {"type": "string"}}


def read(word: str, schema: dict[str, Any]) -> object:
    return value_of(word, SchemaPart.whole(schema))


@pytest.mark.parametrize(
    ("word", "schema", "value"),
    [
        ("3", {"type": "string"}, "3"),
        ("3", {"type": "integer"}, 3),
        ("-3", {"type": "integer"}, -3),
        ("3", {"type": "number"}, 3),
        ("3.5", {"type": "number"}, 3.5),
        ("yes", {"type": "boolean"}, True),
        ("0", {"type": "boolean"}, False),
        ("a", STRINGS, ["a"]),
        ('["a", "b"]', STRINGS, ["a", "b"]),
        ("[not json", STRINGS, ["[not json"]),
        ("4", {"type": "array", "items": {"type": "integer"}}, [4]),
        ('{"a": 1}', {"type": "object"}, {"a": 1}),
        ("null", {"type": ["integer", "null"]}, None),
        ("7", {"type": ["string", "integer"]}, 7),
        ("7a", {"type": ["string", "integer"]}, "7a"),
        ("1", {"anyOf": [{"type": "integer"}, {"type": "boolean"}]}, 1),
        ("true", {"anyOf": [{"type": "integer"}, {"type": "boolean"}]}, True),
        ("", {"anyOf": [{"type": "string"}, {"type": "null"}]}, ""),
        ("null", {"anyOf": [{"type": "string"}, {"type": "null"}]}, None),
        ("2", {"enum": ["1", 2]}, 2),
        ("long", {"$ref": "#/$defs/Style", "$defs": {"Style": {"enum": ["short", "long"]}}}, "long"),
        ('{"x": [1]}', {}, {"x": [1]}),
        ("plain words", {}, "plain words"),
    ],
)
def test_a_word_is_read_as_the_schema_asks(word: str, schema: dict[str, Any], value: object) -> None:
    read_value = read(word, schema)
    assert (read_value, type(read_value)) == (value, type(value))


@pytest.mark.parametrize(
    ("word", "schema", "said"),
    [
        ("soon", {"type": "integer"}, "should be an integer, not `soon`"),
        ("1.5", {"type": "integer"}, "should be an integer"),
        ("nan", {"type": "number"}, "finite"),
        ("maybe", {"type": "boolean"}, "should be true or false"),
        ("x", {"type": "object"}, "JSON object"),
        ("lng", {"enum": ["short", "long"]}, "one of short, long, not `lng`; did you mean `long`?"),
        ("x", {"type": ["integer", "null"]}, "should be integer|null"),
        ("[1", {"type": "array", "items": {"type": "integer"}}, "JSON list"),
    ],
)
def test_a_word_of_another_type_is_told_what_it_should_be(
    word: str, schema: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueProblem) as raised:
        read(word, schema)
    assert said in str(raised.value)


def test_the_closest_name_is_found_whatever_its_case() -> None:
    assert closest("CITTY", ["country", "City"]) == "City"
    assert closest("zzz", ["country", "City"]) is None


schemas = st.recursive(
    st.sampled_from(["string", "integer", "null", "object", "array", "boolean", "number", "zebra", 5]).map(
        lambda kind: {"type": kind}
    )
    | st.sampled_from([{"$ref": "#"}, {"$ref": "#/nowhere"}, {"$ref": "https://elsewhere.example"}, {}]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda options: {"anyOf": options})
        | inner.map(lambda part: {"type": "array", "items": part})
        | inner.map(lambda part: {"allOf": [part]})
        | st.lists(st.none() | st.integers() | st.text(max_size=3), max_size=3).map(
            lambda values: {"enum": values}
        )
    ),
    max_leaves=8,
)


@given(schema=schemas, word=st.text(max_size=12))
def test_no_schema_and_no_word_breaks_the_reader(schema: dict[str, Any], word: str) -> None:
    try:
        value = read(word, schema)
    except ValueProblem:
        return
    json.dumps(value)
