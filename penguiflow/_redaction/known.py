"""The values that are known to be secrets, and how they are kept out of texts."""

from __future__ import annotations

import sys
import threading
from collections import Counter, OrderedDict
from collections.abc import Generator
from contextlib import contextmanager

from penguiflow._redaction.placeholders import NOT_STORED, REDACTED, TOO_DEEP
from penguiflow._redaction.writings import Writing, writings_of

LEAST_CHARS = 6
MOST_CHARS = 4_000
MOST_PASSING_CHARS = 1_000
MOST_PASSING = 64
"""How many passing secrets are known at a time; the oldest is forgotten first."""

_LEAST_DIGITS = 8
_LEAST_LETTERS = 10
_LEAST_DIFFERENT = 4
_LEAST_LINE_CHARS = 16
_MOST_LINES = 200

# What people write where a program insists on a secret and none is needed.
# fmt: off
_STAND_INS = frozenset({
    "administrator", "change-me", "change_me", "change-this", "development", "lm-studio", "no-api-key",
    "no-key", "no-key-needed", "no-key-required", "no_key", "none-needed", "not-a-secret", "not-needed",
    "not-required", "not-set", "not_needed", "placeholder", "production", "sk-no-key-required",
    "your-api-key", "your_api_key",
})
# fmt: on


def is_worth_hiding(value: str) -> bool:
    """Tell whether hiding the value wherever it stands protects more than it destroys.

    Short values, single words, short numbers and what is written in the place of a secret stand in many
    texts without meaning the secret.
    """
    if not LEAST_CHARS <= len(value) <= MOST_CHARS or len(set(value)) < _LEAST_DIFFERENT:
        return False
    if value.isdigit():
        return len(value) >= _LEAST_DIGITS
    if value.isalpha() and (value.islower() or value.isupper() or value.istitle()):
        return len(value) >= _LEAST_LETTERS and value.lower() not in _STAND_INS
    return value.lower() not in _STAND_INS and not any(
        value in placeholder for placeholder in (REDACTED, TOO_DEEP, NOT_STORED)
    )


class KnownSecrets:
    """Values that are hidden wherever they stand; safe to use from any thread.

    A value is known for good, for the time of a block, or until enough others came after it. One that is not
    worth hiding is not taken.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lasting: set[str] = set()
        self._in_blocks: Counter[str] = Counter()
        self._passing: OrderedDict[str, None] = OrderedDict()
        self._writings_by_value: dict[str, tuple[Writing, ...]] = {}
        # Replaced as a whole, so that nobody who reads needs the lock.
        self._writings: tuple[Writing, ...] = ()
        self._least_chars = sys.maxsize
        self._knows_numbers = False

    @property
    def knows_numbers(self) -> bool:
        """Whether any of the values is a number."""
        return self._knows_numbers

    def remember(self, value: str) -> None:
        """Know the value for good."""
        if new := [each for each in _worth_hiding(value) if each not in self._lasting]:
            with self._lock:
                self._lasting.update(new)
                self._note_change()

    def remember_passing(self, value: str) -> None:
        """Know the value until `MOST_PASSING` others came after it; a long one is not taken."""
        if len(value) > MOST_PASSING_CHARS:
            return  # getting to know it would hold up an event loop
        for each in _worth_hiding(value):
            with self._lock:
                is_new = each not in self._passing
                self._passing[each] = None
                self._passing.move_to_end(each)
                if len(self._passing) > MOST_PASSING:
                    self._passing.popitem(last=False)
                if is_new:
                    self._note_change()

    @contextmanager
    def remembered(self, *values: str) -> Generator[None]:
        """Know the values inside the block."""
        new = [each for value in values for each in _worth_hiding(value)]
        with self._lock:
            self._in_blocks.update(new)
            self._note_change()
        try:
            yield
        finally:
            with self._lock:
                self._in_blocks.subtract(new)
                self._in_blocks = +self._in_blocks
                self._note_change()

    def forget(self) -> None:
        """Know none of the values any more, but those of a block that is still open."""
        with self._lock:
            self._lasting.clear()
            self._passing.clear()
            self._note_change()

    def hide(self, text: str, shown: str = REDACTED) -> str:
        """Return the text with `shown` in the place of every secret."""
        spans = self._spans(text)
        if not spans:
            return text
        pieces: list[str] = []
        done = 0
        for start, end in spans:
            pieces += (text[done:start], shown)
            done = end
        return "".join(pieces) + text[done:]

    def settled_chars(self, text: str, at_most: int) -> int:
        """Return how many characters at the front may be shown by themselves, whatever follows the text.

        At least those from where a secret may have begun are not among them.
        """
        cut = min((at_most, *(writing.begins_at(text) for writing in self._writings)))
        return next((start for start, end in self._spans(text) if start < cut < end), cut)

    def _spans(self, text: str) -> list[tuple[int, int]]:
        """Return where secrets stand, in order; those that overlap are one."""
        if len(text) < self._least_chars:
            return []
        merged: list[tuple[int, int]] = []
        for start, end in sorted([span for writing in self._writings for span in writing.spans(text)]):
            if merged and start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return merged

    def _note_change(self) -> None:
        known = {*self._lasting, *self._in_blocks, *self._passing}
        before = self._writings_by_value
        self._writings_by_value = {value: before.get(value) or writings_of(value) for value in known}
        self._writings = tuple(each for group in self._writings_by_value.values() for each in group)
        self._least_chars = min((each.least_chars for each in self._writings), default=sys.maxsize)
        self._knows_numbers = any(value.isdigit() for value in known)


def _worth_hiding(value: str) -> list[str]:
    """Return the value, and its lines, because what is printed is seen line by line."""
    value = value.strip()
    lines = [line.strip() for line in value.splitlines()[:_MOST_LINES]] if "\n" in value else []
    long_lines = [line for line in lines if len(line) >= _LEAST_LINE_CHARS]
    return [each for each in (value, *long_lines) if is_worth_hiding(each)]


KNOWN_SECRETS = KnownSecrets()
"""Those of this process. One for all, because one function redacts for every surface."""
