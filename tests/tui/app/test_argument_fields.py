"""Arguments become fields and fields become arguments, and nothing is lost on the way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow_tui.argument_fields import fields_of, place_messages, read_form
from tests.fakes import recorded

TEXTS = st.text(st.characters(), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
TYPES = st.sampled_from(["string", "integer", "number", "boolean", "object", "array", None])


@st.composite
def schemas(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(TEXTS, unique=True, max_size=4))
    properties = {name: {"type": kind} if (kind := draw(TYPES)) else {} for name in names}
    return {"type": "object", "properties": properties}


@given(schemas(), st.dictionaries(TEXTS, JSON, max_size=4))
def test_an_untouched_form_gives_the_same_arguments(schema: dict[str, Any], args: dict[str, Any]) -> None:
    fields = fields_of(schema, args)
    reading = read_form(fields, {field.name: field.initial_text for field in fields})
    assert reading.errors == {}
    assert reading.args == args


@given(JSON)
def test_the_text_of_a_json_field_reads_as_the_same_value(value: Any) -> None:
    (field,) = fields_of({"properties": {"x": {"type": "object"}}}, {"x": value})
    if field.kind == "json":
        assert json.loads(field.initial_text) == value


def test_fields_follow_the_schema() -> None:
    fields = fields_of(recorded.SCHEMA, recorded.ARGS)
    assert [(field.name, field.kind, field.required) for field in fields] == [
        ("title", "text", True),
        ("text", "text", True),
        ("priority", "choice", False),
        ("remind_in_days", "integer", False),
    ]
    assert fields[2].choices == ("low", "normal", "high")


@pytest.mark.parametrize(
    ("prop", "value", "kind"),
    [
        ({"$ref": "#/$defs/Level"}, "low", "choice"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, 3, "integer"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, None, "json"),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, "x", "text"),
        ({"type": "boolean"}, True, "choice"),
        ({"type": "string"}, "a\u202eb", "json"),
        ({"type": "string"}, "\x1b]52;c;x\x07", "json"),
        ({"type": "integer"}, "not a number", "json"),
        ({"$ref": "#/$defs/Missing"}, {"a": 1}, "json"),
        ({"$ref": "#/$defs/Circle"}, [1], "json"),
    ],
)
def test_a_field_fits_its_schema_and_its_value(prop: dict[str, Any], value: Any, kind: str) -> None:
    schema = {
        "properties": {"x": prop},
        "$defs": {"Level": {"enum": ["low", "high"]}, "Circle": {"$ref": "#/$defs/Circle"}},
    }
    (field,) = fields_of(schema, {"x": value})
    assert field.kind == kind


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("title", "", {"title": ""}),
        ("remind_in_days", " 12 ", {"remind_in_days": 12}),
        ("remind_in_days", "", {}),
        ("priority", "high", {"priority": "high"}),
    ],
)
def test_a_changed_text_becomes_a_value(name: str, text: str, expected: dict[str, Any]) -> None:
    fields = [field for field in fields_of(recorded.SCHEMA, {}) if field.name == name]
    reading = read_form(fields, {name: text})
    assert reading.args == ({} if name == "title" else expected)
    fields = [field for field in fields_of(recorded.SCHEMA, recorded.ARGS) if field.name == name]
    assert read_form(fields, {name: text}).args == expected


@pytest.mark.parametrize("text", ["soon", "1.5", "12 days"])
def test_a_text_that_is_no_whole_number_is_an_error_of_its_field(text: str) -> None:
    reading = read_form(fields_of(recorded.SCHEMA, recorded.ARGS), {"remind_in_days": text})
    assert list(reading.errors) == ["remind_in_days"]


def test_a_required_argument_that_is_missing_is_an_error_of_its_field() -> None:
    reading = read_form(fields_of(recorded.SCHEMA, {"title": "t"}), {})
    assert reading.errors == {"text": "is needed"}


@pytest.mark.parametrize(
    ("message", "placed", "rest"),
    [
        ("title: Field required", {"title": "Field required"}, ()),
        ("`title`: too long", {"title": "too long"}, ()),
        ("`title` is hidden: type its value", {"title": "is hidden: type its value"}, ()),
        ("title.0.name: Field required", {"title": "Field required"}, ()),
        ("titles: Field required", {}, ("titles: Field required",)),
        ("the call is gone", {}, ("the call is gone",)),
        ("", {}, ("",)),
    ],
)
def test_a_message_goes_to_the_field_it_names(
    message: str, placed: dict[str, str], rest: tuple[str, ...]
) -> None:
    assert place_messages([message], ["title", "text"]) == (placed, rest)
