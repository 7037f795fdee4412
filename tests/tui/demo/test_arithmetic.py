"""Arithmetic is computed, nothing else is."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow_tui.demo.arithmetic import evaluate


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("12 * (3 + 4)", 84),
        ("-2 ** 2", -4),
        ("7 // 2 + 7 % 2", 4),
        ("1 / 4", 0.25),
        ("8 / 4", 2),
        ("2 × 3 ÷ 6 − 1", 0),
        ("2^10", 1024),
        ("1,000 + 1", 1001),
    ],
)
def test_values(expression: str, value: float) -> None:
    assert evaluate(expression) == value


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("1 / 0", "divides by zero"),
        ("2 ** 100000", "too large"),
        ("9 ** 999 ** 2", "too large"),
        ("10.0 ** 308 * 10", "too large"),
        ("(-8) ** 0.5", "root of a negative"),
        ("__import__('os')", "no arithmetic"),
        ("'a' * 3", "no arithmetic"),
        ("True + 1", "no number"),
        ("x", "no arithmetic"),
        ("1 +", "no arithmetic expression"),
        ("(" * 500, "no arithmetic expression"),
    ],
)
def test_what_is_refused(expression: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        evaluate(expression)


@given(st.text(alphabet="0123456789+-*/%(). ^", max_size=40))
def test_any_text_gives_a_number_or_one_kind_of_error(expression: str) -> None:
    with contextlib.suppress(ValueError):
        assert isinstance(evaluate(expression), int | float)
