"""Where lines of a text end."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from penguiflow_tui.wrapped_rows import wrapped


@pytest.mark.parametrize(
    ("line", "cells", "rows"),
    [
        ("", 10, [""]),
        ("short", 10, ["short"]),
        ("one two three", 7, ["one two", "three"]),
        ("one two three", 8, ["one two", "three"]),
        ("abcdefgh", 3, ["abc", "def", "gh"]),
        ("  indented text", 10, ["  indented", "text"]),
        ("漢字漢字", 5, ["漢字", "漢字"]),
        ("漢字", 1, ["漢", "字"]),
        ("text", 0, ["t", "e", "x", "t"]),
    ],
)
def test_rows_break_at_spaces_where_there_are_any(line: str, cells: int, rows: list[str]) -> None:
    assert [line[start:end] for start, end in wrapped(line, cells)] == rows


@given(st.text(alphabet=st.sampled_from("ab  漢👩e\u0301"), max_size=60), st.integers(2, 20))
def test_no_character_but_a_space_is_lost_and_no_row_is_too_wide(line: str, cells: int) -> None:
    rows = list(wrapped(line, cells))
    assert rows[0][0] == 0
    assert rows[-1][1] == len(line)
    for (_, end), (start, _) in pairwise(rows):
        assert line[end:start] in ("", " ")
    assert all(cell_len(line[start:end]) <= cells for start, end in rows)
