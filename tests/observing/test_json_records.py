"""Records as JSON."""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from penguiflow.logging import StructuredFormatter


def record(text: str = "hello", *args: object, **extra: Any) -> logging.LogRecord:
    return logging.getLogger("tests").makeRecord(
        "penguiflow.x", logging.WARNING, "file.py", 1, text, args, None, extra=extra
    )


def parsed(entry: logging.LogRecord, **options: Any) -> dict[str, Any]:
    return json.loads(StructuredFormatter(**options).format(entry))


def test_a_record_becomes_one_object() -> None:
    entry = record("took %s", "long", node="a", attempt=2, latency_ms=None)
    entry.created = 1_700_000_000.5

    assert parsed(entry) == {
        "level": "WARNING",
        "logger": "penguiflow.x",
        "message": "took long",
        "timestamp": "2023-11-14T22:13:20.500000+00:00",
        "extra": {"node": "a", "attempt": 2, "latency_ms": None},
    }


def test_the_timestamp_is_in_utc_and_can_be_left_out() -> None:
    offset = datetime.fromisoformat(parsed(record())["timestamp"]).utcoffset()

    assert offset is not None
    assert offset.total_seconds() == 0
    assert "timestamp" not in parsed(record(), include_timestamp=False)


def test_without_extras_there_is_no_such_key() -> None:
    assert "extra" not in parsed(record())


def test_what_other_formatters_leave_on_a_record_is_no_extra() -> None:
    entry = record()
    logging.Formatter("%(asctime)s %(message)s").format(entry)

    assert "extra" not in parsed(entry)
    assert {"taskName", "message", "asctime", "name"} <= StructuredFormatter.STANDARD_FIELDS
    assert isinstance(StructuredFormatter.STANDARD_FIELDS, frozenset)


def test_a_traceback_is_a_string_of_its_own() -> None:
    entry = record()
    try:
        raise ValueError("boom")
    except ValueError:
        entry.exc_info = sys.exc_info()

    shown = parsed(entry)

    assert shown["exception"].startswith("Traceback")
    assert shown["exception"].endswith("ValueError: boom")


def test_no_exception_at_hand_is_no_exception() -> None:
    entry = record()
    entry.exc_info = (None, None, None)

    assert "exception" not in parsed(entry)


def test_values_that_json_does_not_know_are_shown_as_text() -> None:
    entry = record(kind=ValueError("x"), when=datetime(2024, 1, 2), nested={"set": frozenset({1})})

    assert parsed(entry)["extra"] == {
        "kind": "x",
        "when": "2024-01-02 00:00:00",
        "nested": {"set": "frozenset({1})"},
    }


def test_a_value_that_no_json_can_hold_does_not_lose_the_record() -> None:
    endless: list[object] = []
    endless.append(endless)
    entry = record(endless=endless, by_pair={(1, 2): "x"}, number=float("nan"), fine=[1, "a"])

    assert parsed(entry)["extra"] == {
        "endless": "[[...]]",
        "by_pair": "{(1, 2): 'x'}",
        "number": "nan",
        "fine": [1, "a"],
    }


def test_text_that_can_be_read_is_kept_and_text_that_steers_is_escaped() -> None:
    entry = record("Grüße \N{PENGUIN}\x1b[31m\nINFO forged", hidden="\x9b\u202e\u2028\ud800")

    text = StructuredFormatter(include_timestamp=False).format(entry)

    assert "Grüße \N{PENGUIN}\\u001b[31m\\nINFO forged" in text
    assert '"\\u009b\\u202e\\u2028\\ud800"' in text


def test_an_indent_spreads_the_object_over_lines() -> None:
    text = StructuredFormatter(include_timestamp=False, indent=2).format(record(note="a\nb"))

    assert text.splitlines()[1] == '  "level": "WARNING",'
    assert json.loads(text)["extra"] == {"note": "a\nb"}


@given(st.text(st.characters()), st.text(st.characters()))
def test_any_text_is_one_printable_line_and_comes_back_unchanged(message: str, value: str) -> None:
    entry = record("%s", message, value=value)

    line = StructuredFormatter().format(entry)

    assert line.isprintable()
    assert json.loads(line)["message"] == message
    assert json.loads(line)["extra"]["value"] == value
