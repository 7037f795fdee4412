"""Joins small pieces of streamed text until somebody looks.

A model sends thousands of pieces; a person looks thirty times a second. What looks like the beginning of a
secret is held back until the secret is complete, because half of it would not be recognised.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias

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
        taken: list[Piece] = []
        for key, (piece, texts) in list(self._streams.items()):
            ready, held = split_ready("".join(texts))
            self._streams[key] = (piece, [held])
            if ready:
                taken.append(replace(piece, text=ready))
        return taken

    def take_all(self) -> list[Piece]:
        """Take everything, because something else happened or the streams ended."""
        joined = [(piece, "".join(texts)) for piece, texts in self._streams.values()]
        self._streams.clear()
        return [replace(piece, text=text) for piece, text in joined if text]


def split_ready(text: str) -> tuple[str, str]:
    """Split into what can be shown and a tail that may be the beginning of a secret."""
    start = len(text)
    while start > 0 and text[start - 1] in _SECRET_CHARS:
        start -= 1
    before = text[:start].rstrip()
    for word in _ANNOUNCES_SECRET:
        if before[-len(word) :].lower() == word:
            start = len(before) - len(word)
    if len(text) - start > _MAX_HELD_CHARS:
        return text, ""
    return text[:start], text[start:]


def _stream_of(piece: Piece) -> tuple[str, int, str]:
    name = piece.channel if isinstance(piece, TextStreamed) else piece.stream_id
    return (piece.kind, piece.step, name)
