"""Text that arrives in pieces, kept so that adding a piece stays cheap and the whole stays bounded."""

from __future__ import annotations

from dataclasses import dataclass

BLOCK_CHARS = 4096
"""A tail longer than this becomes a block; adding a piece copies at most the tail and it."""

KEPT_CHARS = 256 * 1024
"""What one stream keeps; older blocks are dropped and counted."""


@dataclass(frozen=True, slots=True)
class StreamedText:
    """The end of a stream: complete blocks, the growing tail, and how much was dropped before them."""

    blocks: tuple[str, ...] = ()
    tail: str = ""
    dropped_chars: int = 0

    def add(self, piece: str) -> StreamedText:
        """Return the text with `piece` at its end."""
        tail = self.tail + piece
        if len(tail) <= BLOCK_CHARS:
            return StreamedText(self.blocks, tail, self.dropped_chars)
        blocks, dropped = (*self.blocks, tail), self.dropped_chars
        excess = sum(map(len, blocks)) - KEPT_CHARS
        while excess > 0 and len(blocks) > 1:
            dropped += len(blocks[0])
            excess -= len(blocks[0])
            blocks = blocks[1:]
        return StreamedText(blocks, "", dropped)

    @property
    def text(self) -> str:
        """Everything that is kept, joined."""
        return "".join((*self.blocks, self.tail))

    def __bool__(self) -> bool:
        return bool(self.tail or self.blocks)


NO_TEXT = StreamedText()
