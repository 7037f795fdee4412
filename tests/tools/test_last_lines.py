"""What is kept of a flood of output."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from penguiflow.tools._connecting.process import LastLines


def fed(*chunks: bytes) -> list[str]:
    lines = LastLines()
    for chunk in chunks:
        lines.feed(chunk)
    return list(lines.lines())


def test_lines_are_joined_over_chunks_and_the_unfinished_one_counts() -> None:
    assert fed(b"one\ntw", b"o\n\n  \nthree") == ["one", "two", "three"]


def test_only_the_last_lines_are_kept() -> None:
    assert fed(b"".join(b"line %d\n" % number for number in range(1000)))[0] == "line 980"


def test_long_lines_are_cut_and_control_characters_made_visible() -> None:
    (line,) = fed(b"\x1b[31m" + b"x" * 1_000_000)
    assert line.startswith("␛[31mxxx")
    assert len(line) < 600


@given(st.lists(st.binary(max_size=50), max_size=20))
def test_any_bytes_are_kept_safe_and_bounded(chunks: list[bytes]) -> None:
    lines = fed(*chunks)
    assert len(lines) <= 20
    assert all(line.isprintable() or " " in line or line for line in lines)
    assert not any({"\x1b", "\n", "\r"} & set(line) for line in lines)
