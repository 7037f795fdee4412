"""What may reach stdout, and what happens when nobody reads it."""

from __future__ import annotations

import io
import json
import math
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow_cli._errors import OutputClosed
from penguiflow_cli._output import Output


def test_control_sequences_of_a_text_become_visible_symbols() -> None:
    stream = io.StringIO()
    Output(stream).line("a\x1b]52;c;cHduZWQ=\x07b\x9bc")
    assert stream.getvalue() == "a␛]52;c;cHduZWQ=␇b\\x9bc\n"


def test_a_line_after_pieces_begins_on_its_own_line() -> None:
    stream = io.StringIO()
    output = Output(stream)
    output.piece("one ")
    output.piece("two")
    output.line("three")
    assert stream.getvalue() == "one two\nthree\n"


def test_ending_a_line_that_is_not_open_writes_nothing() -> None:
    stream = io.StringIO()
    output = Output(stream)
    output.piece("done\n")
    output.end_line()
    assert stream.getvalue() == "done\n"


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none() | st.lists(st.text())))
def test_a_json_line_is_one_printable_line_that_reads_back(record: dict[str, object]) -> None:
    stream = io.StringIO()
    Output(stream).json_line(record)
    line = stream.getvalue().removesuffix("\n")
    assert all(" " <= character <= "~" for character in line)
    assert json.loads(line) == record


def test_a_number_that_json_does_not_know_is_written_as_null() -> None:
    stream = io.StringIO()
    Output(stream).json_line({"score": math.nan, "best": math.inf, "text": "ü"})
    assert json.loads(stream.getvalue()) == {"score": None, "best": None, "text": "ü"}


def test_text_the_terminal_cannot_encode_is_escaped() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    Output(stream).line("✓ ü")
    assert raw.getvalue() == b"\\u2713 \\xfc\n"
    stream.detach()


def test_a_reader_that_left_is_told_apart_from_other_errors() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stream, pytest.raises(OutputClosed):
        Output(stream).line("nobody reads this")
