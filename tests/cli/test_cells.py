"""Cutting, padding and wrapping by the cells of a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow_cli._cells import cell_count, fit, pad, wrap

texts = st.text(st.sampled_from("ab 牛🐧é\u0301\n"), max_size=40)


@pytest.mark.parametrize(
    ("text", "width", "fitted"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("ab cd", 4, "ab…"),
        ("牛乳", 4, "牛乳"),
        ("牛乳を", 5, "牛乳…"),
        ("牛乳を", 4, "牛…"),
        ("e\u0301e", 2, "e\u0301e"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
    ],
)
def test_a_text_that_does_not_fit_ends_in_an_ellipsis(text: str, width: int, fitted: str) -> None:
    assert fit(text, width) == fitted


@given(texts, st.integers(0, 30))
def test_what_is_fitted_and_padded_has_the_width(text: str, width: int) -> None:
    text = text.replace("\n", "")
    assert cell_count(fit(text, width)) <= width
    assert cell_count(pad(fit(text, width), width)) == width
    assert cell_count(pad(fit(text, width), width, right=True)) == width


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two three", ["one two", "three"]),
        ("onetwothree four", ["onetwoth", "ree four"]),
        ("  one two three", ["  one", "two", "three"]),
        ("a\n\nb", ["a", "", "b"]),
        ("牛乳を買う", ["牛乳を買", "う"]),
        ("one twos x", ["one twos", "x"]),
    ],
)
def test_lines_are_broken_at_spaces_where_there_are_some(text: str, lines: list[str]) -> None:
    assert wrap(text, 8) == lines


@given(texts, st.integers(2, 30))
def test_wrapping_loses_nothing_but_spaces(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_count(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")


def test_without_a_width_only_newlines_break() -> None:
    assert wrap("a " * 200 + "\nb", None) == ["a " * 200, "b"]
