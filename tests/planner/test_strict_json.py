from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.planner._parse.strict_json import NotStrictJson, loads

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(JSON.filter(lambda value: "\ud800" not in json.dumps(value)))
def test_what_json_can_write_is_read_back(value: object) -> None:
    text = json.dumps(value)
    if "\\ud" in text and any(0xD800 <= ord(char) <= 0xDFFF for char in str(value)):
        return
    assert loads(text) == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a": NaN}', "NaN"),
        ('{"a": -Infinity}', "Infinity"),
        ('{"a": 1e999}', "too large"),
        ('{"a": ' + "9" * 5000 + "}", "digits"),
        ("[" * 100_000, "nested"),
        ('{"a":' * 200 + "1" + "}" * 200, "nested"),
        ('{"a": "\\ud800"}', "surrogate"),
        ('{"\\udc00": 1}', "surrogate"),
        ('{"a": 1, "a": 2}', "twice"),
        ('"' + "x" * 2_000_000 + '"', "characters long"),
        ('{"a": 1', "character"),
        ("", "character"),
    ],
)
def test_what_only_looks_like_json_is_refused_with_a_reason(text: str, problem: str) -> None:
    with pytest.raises(NotStrictJson, match=problem):
        loads(text)


def test_a_raw_line_break_inside_a_string_is_read() -> None:
    assert loads('{"a": "one\ntwo"}') == {"a": "one\ntwo"}
