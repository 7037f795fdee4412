"""How the tools of a server are listed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow_cli._tools_text import tool_lines, type_text

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "properties", "required", "anyOf", "enum", "items", "$ref", "default"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("part", "text"),
    [
        ({"type": "string"}, "string"),
        ({"type": ["string", "null"]}, "string|null"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "integer|null"),
        ({"type": "array", "items": {"type": "string"}}, "array of string"),
        ({"type": "array"}, "array"),
        ({"enum": ["a", "b", 1]}, '"a"|"b"|1'),
        ({"enum": list(range(20))}, "0|1|2|3|4|5|6|7|..."),
        ({"$ref": "#/$defs/Colour"}, "Colour"),
        ({}, "any"),
        (True, "any"),
    ],
)
def test_a_type_is_told_in_a_few_words(part: object, text: str) -> None:
    assert type_text(part) == text


def test_a_tool_is_listed_with_its_arguments() -> None:
    schema = {
        "type": "object",
        "properties": {
            "text": {"type": "string", "description": "What to keep"},
            "limit": {"type": "integer", "default": 5},
        },
        "required": ["text"],
    }
    assert tool_lines("notes.save", "Save a note.\nFor ever.", schema) == [
        " - notes.save: Save a note.⏎For ever.",
        "     text*: string  What to keep",
        "     limit: integer = 5",
    ]


def test_names_and_texts_of_a_server_cannot_control_the_terminal() -> None:
    schema = {"properties": {"a\x1b[2J": {"description": "\x9b1m\x07"}}}
    text = "\n".join(tool_lines("x\x1b]0;t\x07", "d\u202e", schema))
    assert not set(text) & set("\x1b\x07\x9b\u202e")


@given(schema=st.dictionaries(st.sampled_from(["properties", "required", "type"]), json_values))
def test_no_schema_of_a_server_breaks_the_list(schema: dict[str, object]) -> None:
    assert tool_lines("t", "", schema)[0] == " - t"
