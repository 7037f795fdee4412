"""How a character of a secret may be written: as it is, or escaped as in URLs, JSON and Python.

Each way is a regular expression of its own, so that of a text that is still growing every way can be tried.
Repetitions are possessive: what backslashes mean is decided once, or a hostile text would take exponential
time.
"""

from __future__ import annotations

import re

MOST_ESCAPED_CHARS = 64
ESCAPE_CHARS = frozenset("\\%+-_uUxXnrt0123456789abcdefABCDEF")

_MOST_BACKSLASHES = 16  # four texts inside one another
_SOME_BACKSLASHES = rf"\\{{1,{_MOST_BACKSLASHES}}}+"
_ANY_BACKSLASHES = rf"\\{{0,{_MOST_BACKSLASHES}}}+"
_LETTERS = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}
_MOST_TIMES_ESCAPED = 4
_BEGUN = re.compile(r"[\\%][\\%uU0-9A-Fa-f]*")


def is_escape_begun(text: str, at: int) -> bool:
    """Tell whether from there to its end the text may be the beginning of an escaped character."""
    rest = text[at : at + MOST_ESCAPED_CHARS + 1]
    return len(rest) <= MOST_ESCAPED_CHARS and _BEGUN.fullmatch(rest) is not None


def ways_of_raw(part: str) -> list[str]:
    """Return the ways of writing backslashes and the character after them; either may be missing."""
    backslashes = len(part) - len(part.lstrip("\\"))
    after = part[backslashes:]
    if not backslashes:
        return _ways(after)
    # Escaped, the backslashes run into those that escape what follows.
    run = rf"\\{{{backslashes},{(backslashes + 1) * _MOST_BACKSLASHES}}}+"
    (percent,) = _percent("\\" * backslashes)
    return [
        *(run + way for way in (_ways_behind_backslashes(after) if after else [""])),
        *(percent + way for way in (_ways(after) if after else [""])),
    ]


def ways_of_base64(char: str) -> list[str]:
    """Return the ways of writing one of the two characters that are no letters in base64."""
    also = {"+": "-", "/": "_"}[char]
    numbers = [_SOME_BACKSLASHES + number for number in _numbers(char)]
    return [f"{_ANY_BACKSLASHES}[{char}{also}]", *_percent(char), *numbers]


def _ways(char: str) -> list[str]:
    ways = [_ANY_BACKSLASHES + re.escape(char), *_percent(char)]
    ways += [_SOME_BACKSLASHES + number for number in _numbers(char)]
    if char in _LETTERS:
        ways.append(_SOME_BACKSLASHES + _LETTERS[char])
    return [*ways, r"\+"] if char == " " else ways


def _ways_behind_backslashes(char: str) -> list[str]:
    letter = [_LETTERS[char]] if char in _LETTERS else []
    return [re.escape(char), *_percent(char), *_numbers(char), *letter]


def _percent(chars: str) -> list[str]:
    if chars == "%":  # its own escape begins with itself, so each has to be tried
        return ["%" + "25" * times for times in range(1, _MOST_TIMES_ESCAPED + 1)]
    raw = chars.encode("utf-8", "surrogatepass")
    again = rf"(?:25){{0,{_MOST_TIMES_ESCAPED - 1}}}"
    return ["".join(f"%{again}{_any_case(f'{byte:02x}')}" for byte in raw)]


def _numbers(char: str) -> list[str]:
    units = char.encode("utf-16-be", "surrogatepass").hex()
    if len(units) > 4:
        halves = f"u{_any_case(units[:4])}{_SOME_BACKSLASHES}u{_any_case(units[4:])}"
        return [halves, f"U{_any_case(f'{ord(char):08x}')}"]
    of_two = [f"x{_any_case(units[2:])}"] if ord(char) < 0x100 else []
    return [f"u{_any_case(units)}", *of_two]


def _any_case(digits: str) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)
