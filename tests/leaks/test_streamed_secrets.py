"""A registered secret never shows in streamed text, wherever the pieces end and whenever somebody looks."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow._redaction.known import is_worth_hiding
from penguiflow.redaction import REDACTED, redact_text, secrets_remembered, without_known_secrets
from penguiflow.sessions.streamed_text import Piece, StreamedText
from penguiflow.state.events import TextStreamed, ToolStreamed

WRITINGS: list[Callable[[str], str]] = [
    str,
    json.dumps,
    lambda value: json.dumps(json.dumps(value, ensure_ascii=False)),
    quote,
    lambda value: quote(value, safe=""),
    lambda value: base64.b64encode(value.encode()).decode(),
    lambda value: value[: len(value) // 2],
]

# Brackets are what a placeholder is made of.
secrets = (
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="[]"), min_size=6, max_size=40)
    .map(str.strip)
    .filter(lambda value: is_worth_hiding(value) and "\n" not in value)
)


@dataclass(frozen=True)
class Stream:
    secret: str
    pieces: Sequence[str]
    looks: Sequence[int]
    """After each piece: 0 nobody looks, 1 somebody does, 2 something else happens."""


@st.composite
def streams(draw: st.DrawFn) -> Stream:
    secret = draw(secrets)
    part = st.text(max_size=12) | st.sampled_from([write(secret) for write in WRITINGS]) | st.just("x" * 1100)
    text = "".join(draw(st.lists(part, max_size=8)))
    cuts = sorted(cut % (len(text) + 1) for cut in draw(st.lists(st.integers(0, 4000), max_size=12)))
    pieces = [text[start:end] for start, end in pairwise([0, *cuts, len(text)])]
    looks = draw(st.lists(st.integers(0, 2), min_size=len(pieces), max_size=len(pieces)))
    return Stream(secret, pieces, looks)


def answer(text: str) -> TextStreamed:
    return TextStreamed(step=1, channel="answer", text=text)


def shown_texts(stream: Stream) -> list[str]:
    pending = StreamedText()
    shown: list[Piece] = []
    for piece, look in zip(stream.pieces, stream.looks, strict=True):
        pending.add(answer(piece))
        if look:
            shown += pending.take_ready() if look == 1 else pending.take_settled()
    return [piece.text for piece in [*shown, *pending.take_all()]]


@given(streams())
def test_what_is_shown_is_the_whole_text_without_the_secret(stream: Stream) -> None:
    with secrets_remembered(stream.secret):
        shown = "".join(without_known_secrets(text) for text in shown_texts(stream))
        assert shown == without_known_secrets("".join(stream.pieces))
        assert stream.secret not in shown
        assert stream.secret not in "".join(map(redact_text, shown_texts(stream)))


@given(st.lists(st.text(max_size=20), max_size=10))
def test_nothing_is_lost_and_in_the_end_nothing_is_held_back(pieces: Sequence[str]) -> None:
    with secrets_remembered("a b c d e f g 1"):
        assert "".join(shown_texts(Stream("", pieces, [1] * len(pieces)))) == "".join(pieces)


def test_a_secret_with_spaces_shows_as_little_in_two_pieces_as_in_one() -> None:
    with secrets_remembered("correct horse battery"):
        pending = StreamedText()
        pending.add(answer("it is correct horse "))
        (before,) = pending.take_ready()
        pending.add(answer("battery and so on"))
        (after,) = pending.take_ready()
        assert (before.text, redact_text(after.text)) == ("it is ", f"{REDACTED} and so ")


def test_what_happens_beside_a_stream_shows_no_half_of_a_secret() -> None:
    with secrets_remembered("abcd-1234-efgh"):
        pending = StreamedText()
        pending.add(answer("key: abcd-12"))
        (shown,) = pending.take_settled()
        pending.add(answer("34-efgh!"))
        assert shown.text == "key: "
        assert [redact_text(piece.text) for piece in pending.take_settled()] == [f"{REDACTED}!"]


@pytest.mark.parametrize("text", ["a word that ends here", "ab", ""])
def test_only_the_stream_that_ended_gives_all_it_has(text: str) -> None:
    first = ToolStreamed(step=1, stream_id="first", text=text)
    with secrets_remembered("abcd-1234-efgh"):
        pending = StreamedText()
        pending.add(first)
        pending.add(ToolStreamed(step=1, stream_id="second", text="abcd"))
        assert [piece.text for piece in pending.take_ended(first)] == ([text] if text else [])
        assert pending.take_settled() == []
        assert [piece.text for piece in pending.take_all()] == ["abcd"]
