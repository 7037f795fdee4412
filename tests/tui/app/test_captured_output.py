"""Nothing that is printed reaches the terminal, and nothing blocks."""

from __future__ import annotations

import logging
import os
import subprocess
import sys

import pytest

from penguiflow_tui.captured_output import (
    CapturedOutput,
    LogHandler,
    capture_python_output,
    guard_descriptors,
)


def test_prints_and_log_records_become_lines() -> None:
    output = CapturedOutput()
    before = sys.stdout
    with capture_python_output(output):
        sys.stdout.write("half a ")
        sys.stdout.write("line\nand more\n")
        sys.stderr.write("oops")
        sys.stderr.flush()
        logging.getLogger("tool").warning("slow: %s", "notes")
    assert sys.stdout is before
    assert output.drain() == [
        ("stdout", "half a line"),
        ("stdout", "and more"),
        ("stderr", "oops"),
        ("log", "WARNING tool: slow: notes"),
    ]
    assert output.drain() == []


def test_a_log_record_shows_the_error_but_no_frames() -> None:
    output = CapturedOutput()
    with capture_python_output(output):
        try:
            raise ValueError("no such note")
        except ValueError:
            logging.getLogger("tool").exception("failed")
    assert output.drain() == [("log", "ERROR tool: failed (ValueError: no such note)")]


def test_a_log_record_that_cannot_be_formatted_is_still_a_line() -> None:
    output = CapturedOutput()
    record = logging.LogRecord("tool", logging.WARNING, "tool.py", 1, "%d notes", ("three",), None)
    LogHandler(output).emit(record)
    ((stream, line),) = output.drain()
    assert stream == "log"
    assert "cannot be formatted" in line


@pytest.mark.process
def test_what_children_and_c_code_write_is_caught_and_the_descriptors_come_back() -> None:
    output = CapturedOutput()
    before = os.fstat(1), os.fstat(2), sys.__stdout__, sys.__stderr__
    with guard_descriptors() as written:
        os.write(2, b"from C\nwithout an end")
        subprocess.run([sys.executable, "-c", "print('from a child')"], check=True)
        written.collect(output)
        assert sys.__stderr__ is not before[3]
        os.write(1, b"x" * 1_000_000)  # far more than a pipe holds
        written.collect(output)
    after = os.fstat(1), os.fstat(2), sys.__stdout__, sys.__stderr__
    assert [stat.st_ino for stat in after[:2]] == [stat.st_ino for stat in before[:2]]
    assert after[2:] == before[2:]
    assert [line for _, line in output.drain()][:2] == ["from C", "without an endfrom a child"]
