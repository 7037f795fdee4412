"""JSON as people write it into settings: comments and commas too many are read, and places are known.

VS Code, Cursor, Zed, opencode and Gemini CLI take comments in their files, Claude Desktop and Claude Code do
not; here they are taken in every file, since a file given by hand may be of either kind.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import JsonValue

# Possessive throughout, and what is not closed reaches as far as it can: a hostile text takes linear time.
_COMMENT = r"//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?"
_TOKEN = re.compile(rf'"(?:[^"\\\n]|\\.)*+"?|{_COMMENT}|,(?=(?:\s|{_COMMENT})*+[}}\]])')
_SPACE = re.compile(r"\s*")
_NO_NEWLINE = re.compile(r"[^\n]")
_decode: Callable[[str, int], tuple[JsonValue, int]] = json.JSONDecoder().raw_decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One member of an object: `text[start:end]` is its value, `text[key_start]` opens its name."""

    name: str
    value: JsonValue
    key_start: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectText:
    """An object in a text: its members, two of one name both, and where its closing brace stands."""

    members: tuple[Member, ...]
    close: int

    def last(self, name: str) -> Member | None:
        """Return the member that readers take, of two the last one."""
        return next((member for member in reversed(self.members) if member.name == name), None)


def without_comments(text: str) -> str:
    """Return plain JSON of the same length, with spaces where comments and commas too many were."""

    def blank(token: re.Match[str]) -> str:
        found = token.group()
        return found if found.startswith('"') else _NO_NEWLINE.sub(" ", found)

    return _TOKEN.sub(blank, text)


def parse(text: str) -> JsonValue:
    """Return the value of a text that may have comments.

    Raises:
        ValueError: it is no JSON; says where. RecursionError: it is nested too deep.
    """
    value: JsonValue = json.loads(without_comments(text))
    return value


def object_at(plain: str, start: int = 0) -> ObjectText:
    """Return the object that begins at `start`.

    Raises:
        ValueError: there is none; `plain` is JSON without comments.
    """
    position = _skip_space(plain, start)
    if plain[position : position + 1] != "{":
        raise ValueError("is no JSON object")
    members: list[Member] = []
    position = _skip_space(plain, position + 1)
    while plain[position : position + 1] == '"':
        key_start = position
        name, position = _decode(plain, position)
        position = _skip_space(plain, _skip_space(plain, position) + 1)  # the colon
        value, end = _decode(plain, position)
        members.append(Member(name=str(name), value=value, key_start=key_start, start=position, end=end))
        position = _skip_space(plain, end)
        if plain[position : position + 1] == ",":
            position = _skip_space(plain, position + 1)
    return ObjectText(members=tuple(members), close=position)


def _skip_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position
