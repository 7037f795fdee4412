"""The ways in which one secret may be written, and where it stands in a text.

As it is, with characters escaped (in any mixture, also several times over), and in base64 of either
alphabet: three bytes become four characters, so there are three ways, depending on what stands before. Of
those only the characters that the secret alone decides are looked for.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from functools import cached_property

from penguiflow._redaction.escapes import (
    ESCAPE_CHARS,
    MOST_ESCAPED_CHARS,
    is_escape_begun,
    ways_of_base64,
    ways_of_raw,
)

_PLAIN = r"[A-Za-z0-9._~-]+"  # nobody escapes these
_is_plain = re.compile(_PLAIN).fullmatch
_RAW_PARTS = re.compile(rf"{_PLAIN}|\\+[^A-Za-z0-9._~-]?|[\s\S]")
_BASE64_PARTS = re.compile(r"[A-Za-z0-9]+|[\s\S]")


class Writing:
    """One way of writing a secret: runs of plain characters, and characters that may be escaped.

    `parts` finds both in the text, `ways_of` returns the regular expressions of an escaped one.
    """

    def __init__(self, text: str, parts: re.Pattern[str], ways_of: Callable[[str], list[str]]) -> None:
        self._text = text
        self._parts: list[str] = parts.findall(text)
        self._ways_of = ways_of
        plain = [part for part in self._parts if _is_plain(part)]
        self.anchor = max(plain, key=len, default="")
        """Stands in every text that holds the secret; looking for it is cheap."""
        self.least_chars = len(text)
        self._has_escapes = len(plain) < len(self._parts)
        self._reach = len(text) + MOST_ESCAPED_CHARS * (len(self._parts) - len(plain))
        self._last_chars = frozenset(text).union(ESCAPE_CHARS if self._has_escapes else ())
        self._may_grow = text.endswith("\\")  # by more backslashes

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        # Not before it is needed: compiling takes a millisecond, and most secrets never stand in a text.
        return re.compile(
            "".join(
                re.escape(part) if _is_plain(part) else f"(?:{'|'.join(self._ways_of(part))})"
                for part in self._parts
            )
        )

    @cached_property
    def _matchers(self) -> list[str | list[re.Pattern[str]]]:
        return [
            part if _is_plain(part) else list(map(re.compile, self._ways_of(part))) for part in self._parts
        ]

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where the secret stands."""
        if self.anchor in text:
            yield from (found.span() for found in self._pattern.finditer(text))

    def begins_at(self, text: str) -> int:
        """Return where the secret may have begun that the end of the text cuts off; its length if nowhere."""
        if text[-1:] not in self._last_chars:
            return len(text)
        if not self._has_escapes and text[-1:] != self._text[0] and text[-2:] not in self._text:
            return len(text)
        for start in self._possible_starts(text):
            if self._is_begun(text, start):
                return start
        return len(text)

    def _possible_starts(self, text: str) -> Iterator[int]:
        first, start = self._matchers[0], max(0, len(text) - self._reach)
        if not isinstance(first, str):
            yield from range(start, len(text))
            return
        while (start := text.find(first[0], start)) >= 0:
            yield start
            start += 1

    def _is_begun(self, text: str, start: int) -> bool:
        reached = {start}
        for part in self._matchers:
            following: set[int] = set()
            for at in reached:
                if not isinstance(part, str):
                    if at == len(text) or is_escape_begun(text, at):
                        return True
                    following |= {found.end() for way in part if (found := way.match(text, at))}
                elif text.startswith(part, at):
                    following.add(at + len(part))
                elif part.startswith(text[at:]):
                    return True
            if not following:
                return False
            reached = following
        return self._may_grow and len(text) in reached


def writings_of(value: str) -> tuple[Writing, ...]:
    """Return every way of writing the value."""
    cores = _base64_cores(value.encode("utf-8", "surrogatepass"))
    return (
        Writing(value, _RAW_PARTS, ways_of_raw),
        *(Writing(core, _BASE64_PARTS, ways_of_base64) for core in cores),
    )


def _base64_cores(value: bytes) -> list[str]:
    cores: list[str] = []
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + value).decode()
        first, end = -(-8 * before // 6), 8 * (before + len(value)) // 6
        cores.append(encoded[first:end])
    return cores
