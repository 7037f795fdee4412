"""The only writer of stdout. What goes out here is data: an answer, a table, JSON lines.

Registered secrets never pass; what only looks like one is data.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from collections.abc import Mapping
from typing import Any, TextIO, cast

from pydantic_core import from_json, to_json

from penguiflow.redaction import without_known_secrets
from penguiflow.safe_text import safe_line, safe_text
from penguiflow_cli._errors import OutputClosed
from penguiflow_cli._styled import Span, StyledLine, may_colour, painted


class Output:
    """Writes to the stdout that was there when it was made, whatever `sys.stdout` becomes later."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream: TextIO = stream or sys.stdout
        self._line_open = False
        self._coloured = may_colour(os.environ, is_terminal=self._stream.isatty())
        encodes = isinstance(self._stream, io.TextIOWrapper)
        if encodes:
            # A terminal that cannot encode an emoji gets its escape, not a UnicodeEncodeError.
            cast("io.TextIOWrapper[Any]", self._stream).reconfigure(errors="backslashreplace")

    @property
    def live(self) -> bool:
        """Whether stdout is a terminal, so that text is worth showing as it arrives."""
        return self._stream.isatty()

    @property
    def width(self) -> int | None:
        """How many cells a line has, `None` when stdout is no terminal."""
        return max(shutil.get_terminal_size().columns, 20) if self.live else None

    def line(self, text: str = "") -> None:
        """Write text and end its line. Control sequences become visible symbols.

        Raises:
            OutputClosed: nobody reads any more.
        """
        self.end_line()
        self._write(safe_text(text) + "\n")

    def styled_line(self, line: StyledLine) -> None:
        """Write one line in colours, where they are wanted; control sequences in it become visible symbols.

        Raises:
            OutputClosed: nobody reads any more.
        """
        self.end_line()
        self._write("".join(map(self._shown, line)) + "\n")

    def piece(self, text: str) -> None:
        """Write a piece of a longer text; `end_line` or `line` ends it.

        Raises:
            OutputClosed: nobody reads any more.
        """
        if text:
            self._write(safe_text(text))
            self._line_open = not text.endswith("\n")

    def end_line(self) -> None:
        """End the line that pieces began, if there is one."""
        if self._line_open:
            self._line_open = False
            self._write("\n")

    def json_line(self, record: Mapping[str, Any]) -> None:
        """Write one JSON object on one line, in ASCII.

        Raises:
            OutputClosed: nobody reads any more.
        """
        self._write(_ascii_json(record) + "\n")

    def _shown(self, span: Span) -> str:
        text = safe_line(span.text)
        return painted(text, span.style) if self._coloured else text

    def _write(self, text: str) -> None:
        try:
            self._stream.write(without_known_secrets(text))
            self._stream.flush()
        except BrokenPipeError as exc:
            self._discard_what_is_buffered()
            raise OutputClosed from exc

    def _discard_what_is_buffered(self) -> None:
        """Let the flush at interpreter exit succeed; it would print a traceback otherwise."""
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, self._stream.fileno())
        os.close(null)


def _ascii_json(record: Mapping[str, Any]) -> str:
    """Serialise so that no control character is left: JSON escapes C0, ASCII the rest, except DEL."""
    try:
        text = json.dumps(record, ensure_ascii=True, allow_nan=False)
    except ValueError:  # not-a-number and infinity are no JSON; they are written as null
        text = json.dumps(from_json(to_json(record, inf_nan_mode="null")), ensure_ascii=True)
    return text.replace("\x7f", "\\u007f")
