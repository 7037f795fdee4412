"""Commands become words without a shell, and arguments stay inside their word."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.tools import ToolClientError
from penguiflow.tools._utcp.calls import CommandCall, Step, TemplateError
from penguiflow.tools._utcp.commands import (
    Filling,
    arguments_in,
    check_steps,
    filled_words,
    optional_arguments_in,
)
from penguiflow.tools._utcp.variables import Variables

A, B = "UTCP_ARG_a_UTCP_END", "UTCP_ARG_b_UTCP_END"


def fill(command: str, *, enums: dict[str, set[str]] | None = None, **arguments: object) -> list[str]:
    variables = Variables(owner="svc", values={"KEY": "k 1; rm", "HOME": "/home/p"})
    filling = Filling(arguments=arguments, outputs=["first out"], variables=variables, enumerated=enums or {})
    return filled_words(command, filling)


def check(command: str) -> None:
    check_steps(CommandCall(steps=(Step(command=command, shown=True),)))


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        ("git status --porcelain", {}, ["git", "status", "--porcelain"]),
        (f"cat {A}", {"a": "x; rm -rf /"}, ["cat", "x; rm -rf /"]),
        (f"cat '{A}' \"{A}\"", {"a": "$(id) `id` '\""}, ["cat", "$(id) `id` '\"", "$(id) `id` '\""]),
        (f"curl https://h/{A}/{B}", {"a": "x y", "b": "\n"}, ["curl", "https://h/x y/\n"]),
        (f"head -n {A}", {"a": -3}, ["head", "-n", "-3"]),
        (f"x {A} {B}", {"a": True, "b": [1, "é"]}, ["x", "true", '[1, "é"]']),
        (f"x --a={A} --b={B}", {"b": "-y"}, ["x", "--b=-y"]),
        (f"x -- {A}", {"a": "--force"}, ["x", "--", "--force"]),
        ("x $KEY ${HOME}/y", {}, ["x", "k 1; rm", "/home/p/y"]),
        ('echo "was: $CMD_0_OUTPUT" ${CMD_0_OUTPUT}', {}, ["echo", "was: first out", "first out"]),
        (f"x {A}", {"a": f"{B} $KEY $CMD_0_OUTPUT"}, ["x", f"{B} $KEY $CMD_0_OUTPUT"]),
        ("grep 'a|b;c' \"x > y\" e\\;f", {}, ["grep", "a|b;c", "x > y", "e;f"]),
        ("echo $unknown $5", {}, ["echo", "$unknown", "$5"]),
        (f"sh -c 'cat \"$1\" | head' _ {A}", {"a": "x; id"}, ["sh", "-c", 'cat "$1" | head', "_", "x; id"]),
    ],
)
def test_words_are_filled(command: str, arguments: dict[str, object], words: list[str]) -> None:
    check(command)
    assert fill(command, **arguments) == words


@pytest.mark.parametrize(
    "command",
    [
        "a | b",
        "a; b",
        "a && b",
        "a > f",
        "a < f",
        "a\nb",
        "(a)",
        "echo $(id)",
        'echo "`id`"',
        "a & b",
        "",
        "''",
        "'x",
    ],
)
def test_a_command_that_needs_a_shell_is_refused(command: str) -> None:
    with pytest.raises(TemplateError):
        check(command)


@pytest.mark.parametrize(
    "command",
    [
        f"bash -c 'echo {A}'",
        f"/bin/sh -ec {A}",
        f"env X=1 bash -lc 'echo {A}'",
        f"python3.12 -c 'print({A})'",
        f"perl -ne {A}",
        f"node --eval {A}",
        f"awk '{{print {A}}}' file",
        f"ssh host ls {A}",
        f"cmd.exe /c {A}",
        "sh -c $CMD_0_OUTPUT",
        f"{A} --help",
        "$PROGRAM x",
    ],
)
def test_an_argument_is_never_code(command: str) -> None:
    with pytest.raises(TemplateError, match="an argument would"):
        check(command)


def test_an_argument_is_no_option_unless_the_manual_lists_it() -> None:
    with pytest.raises(ToolClientError, match="`a` begins with `-`"):
        fill(f"git log {A}", a="--output=/etc/passwd")
    assert fill(f"git log {A}", enums={"a": {"--oneline"}}, a="--oneline") == ["git", "log", "--oneline"]


@pytest.mark.parametrize("arguments", [{}, {"a": None}])
def test_a_missing_argument_is_named(arguments: dict[str, object]) -> None:
    with pytest.raises(ToolClientError, match="needs the argument `a`"):
        fill(f"cat {A}", **arguments)


@pytest.mark.parametrize("value", ["a\0b", float("inf"), object()])
def test_what_no_command_can_be_given_is_refused(value: object) -> None:
    with pytest.raises(ToolClientError):
        fill(f"cat x{A}", a=value)


def test_arguments_are_found_and_those_of_long_options_may_be_left_out() -> None:
    command = f"x --a={A} {B} --again={B}"
    assert arguments_in(CommandCall(steps=(Step(command=command, shown=True),))) == ("a", "b")
    assert optional_arguments_in(command) == {"a"}


@given(st.text())
def test_any_text_stays_one_word(text: str) -> None:
    try:
        words = fill(f"prog -- x{A}y '{A}'", a=text)
    except ToolClientError:
        assert "\0" in text
        return
    assert words == ["prog", "--", f"x{text}y", text]
