"""Records as lines for people."""

from __future__ import annotations

import logging
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow import FlowErrorCode
from penguiflow.logging import ExtraFormatter

LINE = "%(levelname)s:%(name)s:%(message)s"


def record(text: str = "hello", *args: object, **extra: Any) -> logging.LogRecord:
    return logging.getLogger("tests").makeRecord(
        "penguiflow.x", logging.INFO, "file.py", 1, text, args, None, extra=extra
    )


def shown(*args: Any, **extra: Any) -> str:
    return ExtraFormatter("%(message)s").format(record(*args, **extra))


def test_extras_follow_the_line() -> None:
    assert ExtraFormatter(LINE).format(record("took %d s", 2, node="a", attempt=1, ok=None)) == (
        'INFO:penguiflow.x:took 2 s [node="a", attempt=1, ok=None]'
    )


def test_without_extras_nothing_follows() -> None:
    assert ExtraFormatter(LINE).format(record()) == "INFO:penguiflow.x:hello"
    assert ExtraFormatter().format(record()) == "hello"


@pytest.mark.parametrize(
    ("length", "expected"),
    [(99, "x" * 99), (100, "x" * 100), (101, "x" * 100 + "..."), (5000, "x" * 100 + "...")],
)
def test_a_string_longer_than_100_characters_is_cut(length: int, expected: str) -> None:
    assert shown(value="x" * length) == f'hello [value="{expected}"]'


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('say "hi"', '"say \\"hi\\""'),
        ("C:\\new", '"C:\\\\new"'),
        ("a\nINFO:penguiflow:forged", '"a\\nINFO:penguiflow:forged"'),
        ("\x1b[2J\r\x9b\u2028\u202e", '"\\x1b[2J\\r\\x9b\\u2028\\u202e"'),
        ("Grüße \N{PENGUIN}", '"Grüße \N{PENGUIN}"'),
        (FlowErrorCode.NODE_TIMEOUT, '"NODE_TIMEOUT"'),
        (ValueError("a\nb"), "a\\nb"),
        ({"key": "a\nb"}, "{'key': 'a\\nb'}"),
    ],
)
def test_a_value_stays_on_its_line(value: object, expected: str) -> None:
    assert shown(value=value) == f"hello [value={expected}]"


def test_a_name_stays_on_its_line() -> None:
    assert shown(**{"odd\nname": 1}) == "hello [odd\\nname=1]"


def test_the_extras_stand_before_the_traceback() -> None:
    entry = record("failed", node="a")
    try:
        raise ValueError("boom")
    except ValueError:
        entry.exc_info = sys.exc_info()

    lines = ExtraFormatter("%(message)s").format(entry).split("\n")

    assert lines[0] == 'failed [node="a"]'
    assert lines[1] == "  Traceback (most recent call last):"
    assert lines[-1] == "  ValueError: boom"


def test_the_date_format_is_the_callers() -> None:
    entry = record()
    entry.created = 0.0
    formatter = ExtraFormatter("%(asctime)s %(message)s", "%S")

    assert formatter.format(entry) == "00 hello"


@given(st.text(st.characters()), st.text(st.characters()), st.text(st.characters()))
def test_only_the_record_itself_begins_in_the_first_column(message: str, value: str, reason: str) -> None:
    entry = record("%s", message, value=value)
    entry.exc_info = (RuntimeError, RuntimeError(reason), None)

    first, *further = ExtraFormatter(LINE).format(entry).splitlines()

    assert first.startswith("INFO:penguiflow.x:")
    assert all(line.startswith("  ") for line in further)


@given(st.text(st.characters()), st.text(st.characters()))
def test_no_character_of_a_record_steers_a_terminal(message: str, value: str) -> None:
    text = ExtraFormatter(LINE).format(record("%s", message, value=value))

    steering = {chr(code) for code in (*range(0x20), 0x7F, *range(0x80, 0xA0), 0x202E, 0x2066)} - {"\n", "\t"}
    assert not steering & set(text)
    text.encode()  # no lone surrogate, which the stream would refuse
