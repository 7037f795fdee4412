"""Joins small pieces of streamed text until somebody looks.

A model sends thousands of pieces; a person looks thirty times a second. What looks like the beginning of a
secret is held back until the secret is complete, because half of it would not be recognised: in a form that
secrets have, or as the beginning of a registered one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from penguiflow.redaction import settled_chars
from penguiflow.state.events import TextStreamed, ToolStreamed

Piece: TypeAlias = TextStreamed | ToolStreamed

_SECRET_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.~+/=:@%&?\"'\\")
_ANNOUNCES_SECRET = ("bearer", "basic", "authorization")
_MAX_HELD_CHARS = 1024


class StreamedText:
    """Pending text of any number of streams, each in its own order."""

    def __init__(self) -> None:
        self._streams: dict[tuple[str, int, str], tuple[Piece, list[str]]] = {}

    def add(self, piece: Piece) -> None:
        """Keep a piece until it is taken."""
        _, texts = self._streams.setdefault(_stream_of(piece), (piece, []))
        texts.append(piece.text)

    def take_ready(self) -> list[Piece]:
        """Take what can be shown now; the rest stays pending."""
        return self._take(split_ready)

    def take_settled(self) -> list[Piece]:
        """Take all but the beginning of a registered secret, because something else happened meanwhile."""
        return self._take(split_settled)

    def take_ended(self, piece: Piece) -> list[Piece]:
        """Take what is left of the stream of this piece, because it ended; others may go on."""
        first, texts = self._streams.pop(_stream_of(piece), (piece, []))
        text = "".join(texts)
        return [replace(first, text=text)] if text else []

    def take_all(self) -> list[Piece]:
        """Take everything, because all streams ended."""
        joined = [(piece, "".join(texts)) for piece, texts in self._streams.values()]
        self._streams.clear()
        return [replace(piece, text=text) for piece, text in joined if text]

    def _take(self, split: Callable[[str], tuple[str, str]]) -> list[Piece]:
        taken: list[Piece] = []
        for key, (piece, texts) in list(self._streams.items()):
            ready, held = split("".join(texts))
            self._streams[key] = (piece, [held])
            if ready:
                taken.append(replace(piece, text=ready))
        return taken


def split_ready(text: str) -> tuple[str, str]:
    """Split into what can be shown and a tail that may be the beginning of a secret."""
    ready = settled_chars(text, at_most=_without_form_begun(text))
    return text[:ready], text[ready:]


def split_settled(text: str) -> tuple[str, str]:
    """Split into what can be shown and a tail that may be the beginning of a registered secret."""
    settled = settled_chars(text, at_most=len(text))
    return text[:settled], text[settled:]


def _without_form_begun(text: str) -> int:
    """Return how many characters stand before what may grow into the form of a secret."""
    start = len(text)
    while start > 0 and text[start - 1] in _SECRET_CHARS:
        start -= 1
    before = text[:start].rstrip()
    for word in _ANNOUNCES_SECRET:
        if before[-len(word) :].lower() == word:
            start = len(before) - len(word)
    return len(text) if len(text) - start > _MAX_HELD_CHARS else start


def _stream_of(piece: Piece) -> tuple[str, int, str]:
    name = piece.channel if isinstance(piece, TextStreamed) else piece.stream_id
    return (piece.kind, piece.step, name)
