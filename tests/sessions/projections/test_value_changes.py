"""Where two JSON values differ."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.sessions.projections.value_changes import MAX_CHANGES, ValueChange, canonical, value_changes

any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


def shown(change: ValueChange) -> str:
    match change.kind:
        case "added":
            return f"+ {change.path}: {json.dumps(change.after)}"
        case "removed":
            return f"- {change.path}: {json.dumps(change.before)}"
        case "changed":
            return f"{change.path}: {json.dumps(change.before)} -> {json.dumps(change.after)}"


@pytest.mark.parametrize(
    ("before", "after", "changes"),
    [
        ({"query": "a"}, {"query": "b"}, ['args.query: "a" -> "b"']),
        ({"a": 1}, {"a": 1, "b": None}, ["+ args.b: null"]),
        ({"a": 1, "b": 2}, {"b": 2}, ["- args.a: 1"]),
        ({"a": {"b": [1, 2, 3]}}, {"a": {"b": [1, 5, 3]}}, ["args.a.b[1]: 2 -> 5"]),
        ([1, 2, 3], [0, 1, 2, 3], ["+ args[0]: 0"]),
        ([1, 2, 3], [1, 3], ["- args[1]: 2"]),
        ([1, 2], [3], ["args[0]: 1 -> 3", "- args[1]: 2"]),
        ({"content-type": 1}, {"content-type": 2}, ['args["content-type"]: 1 -> 2']),
        ({"": 1}, {}, ['- args[""]: 1']),
        ({"a": [1]}, {"a": {"b": 1}}, ['args.a: [1] -> {"b": 1}']),
        ("a", 1, ['args: "a" -> 1']),
        (1, 1.0, []),
        (True, 1, ["args: true -> 1"]),
        ([True], [1], ["args[0]: true -> 1"]),
        ({"a": None}, {"a": 0}, ["args.a: null -> 0"]),
        (math.nan, math.nan, []),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
    ],
)
def test_changes_are_told_by_their_paths(before: Any, after: Any, changes: list[str]) -> None:
    assert [shown(change) for change in value_changes(before, after, "args")] == changes


@given(any_json)
def test_a_value_does_not_differ_from_itself(value: Any) -> None:
    assert value_changes(value, json.loads(json.dumps(value)), "value") == ()


@given(any_json, any_json)
def test_values_with_unlike_texts_differ_both_ways_in_as_many_places(before: Any, after: Any) -> None:
    there, back = value_changes(before, after, "value"), value_changes(after, before, "value")
    assert len(there) == len(back)
    assert {(change.path, change.kind) for change in there if change.kind == "changed"} == {
        (change.path, change.kind) for change in back if change.kind == "changed"
    }
    if canonical(before) == canonical(after):
        assert there == ()


def test_very_many_changes_are_one_change_of_the_whole() -> None:
    few, many = list(range(MAX_CHANGES)), list(range(MAX_CHANGES + 1))
    assert len(value_changes(few, [-1 - item for item in few], "value")) == MAX_CHANGES
    (change,) = value_changes(many, [-1 - item for item in many], "value")
    assert (change.path, change.before) == ("value", many)


def test_a_deeply_nested_change_is_found() -> None:
    def nested(core: int) -> object:
        value: object = core
        for _ in range(90):
            value = [value]
        return value

    assert len(value_changes(nested(1), nested(2), "value")) == 1
    assert value_changes(nested(1), nested(1), "value") == ()
