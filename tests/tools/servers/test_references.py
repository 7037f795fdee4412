"""References to environment variables in configs."""

from __future__ import annotations

import time

import pytest

from penguiflow.tools._connecting.environment import (
    expand,
    expand_known,
    names_referred_to,
    names_to_set,
    values_referred_to,
    without_references,
)
from penguiflow.tools.errors import ToolAuthError

ENVIRONMENT = {"A": "1", "B": "2", "EMPTY": ""}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${A}-${B}", "1-2"),
        ("${env:A}", "1"),
        ("${C:-x y}", "x y"),
        ("${env:C:-x}", "x"),
        ("${C:-}", ""),
        ("${C:-$x}", "$x"),
        ("${C:-a${A}", "${C:-a1"),
        ("${EMPTY:-x}", "x"),
        ("$A ${} ${1} ${env:} ${a b}", "$A ${} ${1} ${env:} ${a b}"),
    ],
)
def test_references_are_replaced(text: str, value: str) -> None:
    assert expand(text, ENVIRONMENT, owner="srv") == value


@pytest.mark.parametrize("text", ["${C}", "${env:C}"])
def test_a_variable_that_is_not_set_is_named_with_its_owner_and_what_to_do(text: str) -> None:
    with pytest.raises(ToolAuthError, match=r"`C`.*`srv`") as caught:
        expand(text, ENVIRONMENT, owner="srv")
    assert caught.value.hint == "export C=... and connect again"
    assert expand_known(text, ENVIRONMENT) == text


def test_what_a_text_refers_to_is_known_without_its_values() -> None:
    text = "${A} ${env:C} ${A} ${D:-x} ${HOME}"
    assert names_referred_to(text) == ["A", "C", "D", "HOME"]
    assert names_to_set(text) == ["A", "C"]
    assert without_references(f"a{text}b") == "a    b"
    assert list(values_referred_to(text, {**ENVIRONMENT, "HOME": "/h"})) == ["1", "1"]


def test_defaults_that_never_end_take_little_time() -> None:
    begin = time.process_time()
    assert names_referred_to("${A:-" * 100_000) == []
    assert time.process_time() - begin < 30  # quadratic time would be minutes
