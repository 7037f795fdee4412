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
from penguiflow_cli._styled import Span


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


class Screen(io.StringIO):
    """A terminal, as far as `isatty` tells."""

    def isatty(self) -> bool:
        return True


LINE = (Span("✓ ", "success"), Span("a\x1b[31mb\nc"), Span("", "error"))


def test_a_styled_line_is_coloured_on_a_terminal_and_no_colour_comes_from_its_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    stream = Screen()
    Output(stream).styled_line(LINE)
    assert stream.getvalue() == "\x1b[32m✓ \x1b[0ma␛[31mb⏎c\n"


@pytest.mark.parametrize(("variable", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colours_can_be_turned_off(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(variable, value)
    stream = Screen()
    Output(stream).styled_line(LINE)
    assert "\x1b" not in stream.getvalue()


def test_a_file_gets_words_without_colours_or_width() -> None:
    stream = io.StringIO()
    output = Output(stream)
    output.styled_line(LINE)
    assert (stream.getvalue(), output.width) == ("✓ a␛[31mb⏎c\n", None)
