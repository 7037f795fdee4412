"""JSON that can be read by a person hides nothing and means the same."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.safe_text import safe_text
from penguiflow_tui.visible_json import count_hidden_characters, visible_json


@given(st.dictionaries(st.text(), st.text() | st.lists(st.text())))
def test_visible_json_reads_as_the_same_value_and_hides_nothing(value: dict[str, str | list[str]]) -> None:
    text = visible_json(value)
    assert json.loads(text) == value
    assert all(safe_text(character) == character for character in text)


@pytest.mark.parametrize(
    ("value", "hidden"),
    [
        ("plain\n\ttext", 0),
        ("a\x1b[31mb\x1b[0m", 2),
        ({"a\u202e": ["\u200b", {"b": "\x07\x07"}], "n": 3, "none": None}, 4),
        ("emoji 🐧 and ünïcode", 0),
    ],
)
def test_hidden_characters_are_counted_in_keys_and_values(value: object, hidden: int) -> None:
    assert count_hidden_characters(value) == hidden
