"""Reads thought and answer out of an action while its JSON is still arriving.

`ActionStream.feed` takes pieces cut anywhere and returns the text that may be shown now. The answer is held
back until `next_node` says that it is one; the text of tool arguments is never shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from penguiflow.planner._json import without_surrogates
from penguiflow.planner._reserved import FINAL_RESPONSE

Channel = Literal["thinking", "answer"]

_STRING_STOP = re.compile(r'["\\]')
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "/": "/", "\\": "\\", '"': '"'}
_ANSWER_LINES = "args[]."  # the answer as a list of lines
_ANSWER_PATHS = ("args.answer", "args.raw_answer", "args", _ANSWER_LINES)
_HEX_ESCAPE_CHARS = 6


@dataclass(frozen=True, slots=True)
class ShownText:
    """A piece of text for one channel."""

    channel: Channel
    text: str


class StringReader:
    """Decodes the inside of one JSON string from pieces."""

    def __init__(self) -> None:
        self._escape = ""

    def read(self, text: str, start: int) -> tuple[str, int, bool]:
        """Return the decoded text, the position after it, and whether the string ended."""
        decoded: list[str] = []
        position = start
        while position < len(text):
            if self._escape:
                position = self._continue_escape(text, position, decoded)
                continue
            stop = _STRING_STOP.search(text, position)
            end = stop.start() if stop else len(text)
            decoded.append(text[position:end])
            position = end + 1
            if stop and stop.group() == '"':
                return "".join(decoded), position, True
            if stop:
                self._escape = "\\"
        return "".join(decoded), min(position, len(text)), False

    def _continue_escape(self, text: str, position: int, decoded: list[str]) -> int:
        if len(self._escape) == _HEX_ESCAPE_CHARS and text[position] != "\\":
            decoded.append("\ufffd")
            self._escape = ""
            return position
        self._escape += text[position]
        if len(self._escape) > 1 and self._escape[1] != "u":
            decoded.append(_ESCAPES.get(self._escape[1], ""))
            self._escape = ""
        elif self._escape_is_complete():
            decoded.append(_decode_hex(self._escape))
            self._escape = ""
        return position + 1

    def _escape_is_complete(self) -> bool:
        if len(self._escape) < _HEX_ESCAPE_CHARS:
            return False
        is_high_surrogate = self._escape[2:4].lower() in ("d8", "d9", "da", "db")
        return not is_high_surrogate or len(self._escape) == 2 * _HEX_ESCAPE_CHARS


def _decode_hex(escape: str) -> str:
    """Return the character of `\\uXXXX` or of a pair of them; the final parse judges malformed ones."""
    try:
        units = b"".join(int(unit, 16).to_bytes(2, "little") for unit in (escape[2:6], escape[8:12]) if unit)
    except (ValueError, OverflowError):  # no digits at all, or with a sign before them
        return ""
    return without_surrogates(units.decode("utf-16-le", "surrogatepass"))


class ActionStream:
    """Follows one action object through its text."""

    def __init__(self) -> None:
        self._containers: list[str] = []
        self._keys: list[str] = []
        self._key = ""
        self._expects_key = False
        self._string: StringReader | None = None
        self._string_is_key = False
        self._name = ""
        self._next_node: str | None = None
        self._answer_path: str | None = None
        self._held_back = ""
        self._finished = False

    @property
    def breaks_off(self) -> bool:
        """Return whether an object was opened and never closed."""
        return bool(self._containers)

    def feed(self, text: str) -> list[ShownText]:
        """Return what may be shown now."""
        shown: list[ShownText] = []
        position = 0
        while position < len(text) and not self._finished:
            if self._string is not None:
                decoded, position, ended = self._string.read(text, position)
                self._take_text(decoded, ended, shown)
                if ended:
                    self._string = None
            elif not self._containers and (opening := text.find("{", position)) != position:
                position = opening if opening > 0 else len(text)  # what stands before the object is prose
            else:
                self._take_structure(text[position])
                position += 1
        return shown

    def _take_structure(self, char: str) -> None:
        match char:
            case '"' if self._containers:
                self._open_string()
            case "{":
                self._open(char)
            case "[" if self._containers:
                self._open(char)
            case "}" | "]" if self._containers:
                self._close()
            case ",":
                self._expects_key = self._in_object()
            case "n" if self._containers and self._path() == "next_node" and not self._expects_key:
                self._next_node = FINAL_RESPONSE  # null: the legacy shape's final answer
            case _:
                pass

    def _in_object(self) -> bool:
        return bool(self._containers) and self._containers[-1] == "{"

    def _open(self, char: str) -> None:
        self._containers.append(char)
        self._keys.append(self._key if char == "{" else f"{self._key}[]")
        self._key = ""
        self._expects_key = char == "{"

    def _close(self) -> None:
        self._containers.pop()
        self._key = self._keys.pop()
        self._expects_key = False
        self._finished = not self._containers

    def _open_string(self) -> None:
        self._string = StringReader()
        self._string_is_key = self._expects_key
        if self._expects_key:
            self._key = ""
        elif self._path() in _ANSWER_PATHS and self._answer_path is None:
            self._answer_path = self._path()
        elif self._path() == self._answer_path == _ANSWER_LINES:
            self._held_back += "\n"

    def _path(self) -> str:
        return ".".join([*self._keys[1:], self._key])

    def _take_text(self, text: str, ended: bool, shown: list[ShownText]) -> None:
        if self._string_is_key:
            self._key += text
            self._expects_key = not ended
            return
        path = self._path()
        if path == "thought" and text:
            shown.append(ShownText("thinking", text))
        elif path == "next_node":
            self._name += text
            self._next_node = self._name.strip() if ended else None
        elif path == self._answer_path:
            self._held_back += text
        if self._next_node == FINAL_RESPONSE and self._held_back:
            shown.append(ShownText("answer", self._held_back))
            self._held_back = ""
