"""Whatever comes in, nothing that steers a terminal or hides text comes out."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.safe_text import safe_line, safe_text

HOSTILE = (
    "\x00\x07\x1b\r\t\n\x7f\x85\x9b\ud800\u00ad\u061c\u200b\u200c\u200d\u202e\u2028\u2066\ufeff"
    "\U000e0041\u0301\ufe0f"
)
any_text = st.text(st.one_of(st.characters(), st.sampled_from(HOSTILE), st.sampled_from("ab👩🏽💻❤")))

WORDS_OF_THE_WORLD = [
    "plain ascii, [brackets] and {braces}\n\tindented",
    "Ärger, naïve, Crème brûlée, e\u0301 decomposed",
    "日本語の文章、中文，한국어",
    "नमस्ते สวัสดี שלום مرحبا",
    "🐧 👍🏽 🇳🇿 ❤️ ☎️",
    "👩‍👩‍👧‍👦 👩🏽‍💻 🏳️‍🌈 ❤️‍🔥 🐻‍❄️",
]


def _forbidden(text: str) -> list[str]:
    """Return what the output must not hold, by Unicode's own categories rather than by our table."""
    return [
        f"U+{ord(char):04X}"
        for char in text
        if (unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") and char not in "\t\n")
        or unicodedata.bidirectional(char) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
        or char in "\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200c\u200e\u200f\u2060\u3164\ufeff\uffa0"
        or 0xE0000 <= ord(char) <= 0xE0FFF
    ]


def _longest_run_of_marks(text: str) -> int:
    longest = run = 0
    for char in text:
        run = run + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        longest = max(longest, run)
    return longest


@given(any_text)
def test_no_text_can_smuggle_anything_through(text: str) -> None:
    assert _forbidden(safe_text(text)) == []


@given(any_text)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert safe_text(safe_text(text)) == safe_text(text)
    assert safe_line(safe_line(text)) == safe_line(text)


@given(st.lists(any_text))
def test_chunk_borders_open_no_hole(chunks: list[str]) -> None:
    joined = "".join(safe_text(chunk) for chunk in chunks)
    assert _forbidden(joined) == []
    assert joined.count("\u200d") <= safe_text("".join(chunks)).count("\u200d")


@given(st.lists(st.text(st.characters(exclude_categories=("Mn", "Me"), exclude_characters="\u200d"))))
def test_text_cleaned_in_chunks_equals_text_cleaned_whole(chunks: list[str]) -> None:
    assert "".join(safe_text(chunk) for chunk in chunks) == safe_text("".join(chunks))


@given(st.text(st.characters(categories=("Mn", "Me", "Lu"))))
def test_a_character_carries_at_most_four_marks(text: str) -> None:
    assert _longest_run_of_marks(safe_text(text)) <= 4


@given(any_text)
def test_a_line_is_one_line(text: str) -> None:
    assert len(safe_line(text).splitlines()) <= 1
    assert "\t" not in safe_line(text)


@given(any_text, st.integers(0, 40))
def test_a_capped_line_is_never_longer(text: str, width: int) -> None:
    line = safe_line(text, max_chars=width)
    assert len(line) <= width
    assert _forbidden(line) == []


@pytest.mark.parametrize("text", WORDS_OF_THE_WORLD)
def test_the_words_of_the_world_stay_as_they_are(text: str) -> None:
    assert safe_text(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "␛[31mred"),
        ("\x1b]52;c;aGk=\x07", "␛]52;c;aGk=␇"),
        ("\x9b31m", r"\x9b31m"),
        ("a\rb\x00\x7f", "a␍b␀␡"),
        ("invoice\u202efdp.exe", "invoice<U+202E>fdp.exe"),
        ("pass\u200bword\ufeff", "pass<U+200B>word<U+FEFF>"),
        ("hi\U000e0068\U000e0069", "hi<U+E0068><U+E0069>"),
        ("a\u200db", "a<U+200D>b"),
        ("👩\u200d", "👩<U+200D>"),
        ("👩\u200d\u200d💻", "👩<U+200D><U+200D>💻"),
        ("\ud800x", "\ufffdx"),
        ("e" + "\u0301" * 100_000, "e" + "\u0301" * 4),
    ],
)
def test_what_steers_or_hides_is_shown(text: str, shown: str) -> None:
    assert safe_text(text) == shown


def test_a_capped_text_says_how_much_is_missing() -> None:
    assert safe_text("x" * 100, max_chars=10) == "x" * 10 + "... (90 more characters)"
    assert safe_text("x" * 10, max_chars=10) == "x" * 10
    assert safe_text("\u202e" * 3, max_chars=8) == "<U+202E>... (16 more characters)"


def test_a_capped_line_ends_in_an_ellipsis() -> None:
    assert safe_line("first\nsecond\tthird", max_chars=9) == "first⏎se…"
    assert safe_line("short", max_chars=5) == "short"
