"""The arguments of a call, from words and JSON."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.tools._schema.arguments import arguments_model
from penguiflow_cli._tools_arguments import (
    ArgumentsError,
    check_arguments,
    missing_arguments,
    read_words,
    what_it_takes,
)

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "count": {"type": "integer", "minimum": 1, "description": "How many"},
        "tag": {"type": "array", "items": {"type": "string"}},
        "place": {"$ref": "#/$defs/Place"},
        "maybe": {"anyOf": [{"$ref": "#/$defs/Place"}, {"type": "null"}]},
        "a.b": {"type": "string"},
        "extra": {"type": "object", "additionalProperties": {"type": "integer"}},
    },
    "required": ["count", "place"],
    "$defs": {
        "Place": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "zip": {"type": "integer"}},
            "required": ["city"],
        }
    },
}


@pytest.mark.parametrize(
    ("words", "arguments"),
    [
        (["count=3"], {"count": 3}),
        (["tag=a", "tag=b"], {"tag": ["a", "b"]}),
        (['tag=["a"]', "tag=b"], {"tag": ["a", "b"]}),
        (["place.city=Rome", "place.zip=4"], {"place": {"city": "Rome", "zip": 4}}),
        (['place={"city": "Rome"}', "place.zip=4"], {"place": {"city": "Rome", "zip": 4}}),
        (["maybe.city=Rome"], {"maybe": {"city": "Rome"}}),
        (["maybe=null"], {"maybe": None}),
        (["a.b=c=d"], {"a.b": "c=d"}),
        (["extra.x=1"], {"extra": {"x": 1}}),
    ],
)
def test_words_become_typed_arguments(words: list[str], arguments: dict[str, Any]) -> None:
    assert read_words(words, {}, SCHEMA) == arguments


def test_words_replace_what_json_gave_and_leave_it_unchanged() -> None:
    given_arguments = {"count": 1, "tag": ["x"], "place": {"city": "Rome"}}
    read = read_words(["count=2", "tag=y", "place.zip=4"], given_arguments, SCHEMA)
    assert read == {"count": 2, "tag": ["y"], "place": {"city": "Rome", "zip": 4}}
    assert given_arguments == {"count": 1, "tag": ["x"], "place": {"city": "Rome"}}


@pytest.mark.parametrize(
    ("word", "said", "hinted"),
    [
        ("count", "no argument", "NAME=VALUE"),
        ("=3", "no argument", "NAME=VALUE"),
        ("cuont=3", "no argument `cuont`", "did you mean `count`?"),
        ("count=x", "argument `count` should be an integer", "How many"),
        ("place.cty=Rome", "no argument `place.cty`", "did you mean `place.city`?"),
        ("count.x=1", "has no members", "count=VALUE"),
        ("extra.x=one", "should be an integer", "integer"),
    ],
)
def test_a_word_that_does_not_fit_is_named_with_what_would(word: str, said: str, hinted: str) -> None:
    with pytest.raises(ArgumentsError) as raised:
        read_words([word], {}, SCHEMA)
    assert said in str(raised.value)
    assert hinted in raised.value.hint


def test_a_tool_that_welcomes_other_members_takes_any_name() -> None:
    assert read_words(["x=1", "y.z=a"], {}, {"type": "object"}) == {"x": 1, "y.z": "a"}
    open_schema = {"properties": {"a": {"type": "integer"}}, "additionalProperties": True}
    assert read_words(["b=1"], {}, open_schema) == {"b": 1}


def test_what_is_required_and_missing_is_found_inside_of_objects_too() -> None:
    assert [wanted.name for wanted in missing_arguments({}, SCHEMA)] == ["count", "place.city"]
    assert [wanted.name for wanted in missing_arguments({"count": 1, "place": {}}, SCHEMA)] == ["place.city"]
    assert missing_arguments({"count": 1, "place": {"city": "x"}}, SCHEMA) == []


def test_bounds_are_checked_and_what_was_not_given_is_not_sent() -> None:
    model = arguments_model("Args", SCHEMA, origin=None)
    arguments = {"count": 2, "place": {"city": "Rome"}}
    assert check_arguments(arguments, model) == arguments
    with pytest.raises(
        ArgumentsError, match="argument `count` should be greater than or equal to 1"
    ) as raised:
        check_arguments({**arguments, "count": 0}, model)
    assert "count*" in raised.value.hint


def test_what_a_tool_takes_is_told_in_a_line() -> None:
    assert what_it_takes(SCHEMA) == "it takes count*, tag, place*, maybe, a.b, extra"
    assert what_it_takes({}) == "it takes no arguments"


names = st.text(max_size=6)
words = st.builds("{}={}".format, names, names) | names


@given(words=st.lists(words, max_size=4))
def test_no_words_break_the_reader(words: list[str]) -> None:
    with suppress(ArgumentsError):
        read_words(words, {}, SCHEMA)
