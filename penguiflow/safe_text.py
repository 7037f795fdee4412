"""The one way by which text from outside becomes text that may be shown.

Models, tools, servers and files can send terminal control sequences, text that reverses or hides its
neighbours, and characters that no terminal can draw. `safe_text` makes all of it visible and harmless,
and loses nothing else: a widget, console line, log record or title takes only `SafeText`.

Each character is replaced on its own, so text that arrives in chunks is as safe as text that arrives
whole. Two rules look at neighbours, and a chunk border can only make them stricter: a zero-width joiner
stays between two emoji (a family is one emoji and its joiners hide nothing) and is shown as `<U+200D>`
everywhere else; more than four combining marks on one character are cut. Flags written with tag
characters (Scotland) show their tags, because tags are also how instructions are hidden in plain text.
"""

from __future__ import annotations

import re
from functools import cache
from itertools import chain
from typing import NewType
from unicodedata import category

SafeText = NewType("SafeText", str)
"""Text without control, bidirectional, invisible or tag characters. Made only in this module."""

_MARKS_PER_CHARACTER = 4

# Default-ignorable, bidirectional and line-breaking characters: nothing to see, but they hide or reorder.
_INVISIBLE = tuple(
    chain(
        (0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFEFF, 0xFFA0),
        range(0x180B, 0x1810),
        range(0x200B, 0x200D),
        range(0x200E, 0x2010),
        range(0x2028, 0x202F),
        range(0x2060, 0x2070),
        range(0xFE00, 0xFE0E),  # the two emoji selectors FE0E and FE0F stay
        range(0xFFF0, 0xFFFC),
        range(0x1BCA0, 0x1BCA4),
        range(0x1D173, 0x1D17B),
        range(0xE0000, 0xE1000),
    )
)


@cache
def _replacements() -> dict[int, str]:
    table = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\t\n"}
    table[0x7F] = "\u2421"
    table |= {code: f"\\x{code:02x}" for code in range(0x80, 0xA0)}
    table |= {code: f"<U+{code:04X}>" for code in _INVISIBLE}
    table |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
    return table


def _cut_marks(text: str) -> str:
    # A class of the marks that occur is ten times faster to search for than one of all 2,000 marks.
    marks = "".join(char for char in set(text) if category(char) in ("Mn", "Me"))
    if not marks:
        return text
    return re.sub(f"([{marks}]{{{_MARKS_PER_CHARACTER}}})[{marks}]+", r"\1", text)


_EMOJI = "[\u2190-\u21ff\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff]"
_STRAY_JOINER = re.compile(f"\u200d(?:(?<!{_EMOJI}\u200d)(?<!{_EMOJI}\ufe0f\u200d)|(?!{_EMOJI}))")


def safe_text(value: str, *, max_chars: int | None = None) -> SafeText:
    """Return `value` fit to be shown over several lines.

    With `max_chars`, so many characters are kept and the text ends in `... (N more characters)`.
    """
    head = value if max_chars is None else value[:max_chars]
    shown = _sanitize(head)
    if max_chars is None or (len(value) <= max_chars and len(shown) <= max_chars):
        return SafeText(shown)
    hidden = len(value) - len(head) + max(0, len(shown) - max_chars)
    return SafeText(f"{shown[:max_chars]}... ({hidden} more characters)")


def safe_line(value: str, *, max_chars: int | None = None) -> SafeText:
    """Return `value` fit to be shown on one line: a newline becomes `⏎`, a tab a space.

    With `max_chars`, the line is at most so long, a cut one ends in `…`.
    """
    head = value if max_chars is None else value[: max_chars + 1]
    shown = _sanitize(head).replace("\n", "⏎").replace("\t", " ")
    if max_chars is not None and (len(shown) > max_chars or len(head) < len(value)):
        shown = shown[: max(0, max_chars - 1)] + "…" if max_chars > 0 else ""
    return SafeText(shown)


def _sanitize(value: str) -> str:
    text = value.translate(_replacements())
    if text.isascii():
        return text
    text = _cut_marks(text)
    return _STRAY_JOINER.sub("<U+200D>", text) if "\u200d" in text else text
