"""What became of the envelopes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BusStatistics:
    """Counts since the publisher was made: published = sent + dropped + refused + buffered."""

    sent: int
    """The server has acknowledged them."""

    dropped: int
    """The oldest ones of a full buffer, given up without an acknowledgement."""

    refused: int
    """The server takes no message of their size."""

    buffered: int
    """They wait for the server, those on their way included."""

    truncated: int
    """Envelopes of which a part was cut because it was too large and could not go by reference."""

    reconnects: int
    last_error: str | None
    """The last failure, also after it is overcome."""


@dataclass(slots=True)
class Tally:
    """The counts while they change."""

    sent: int = 0
    refused: int = 0
    truncated: int = 0
    connections: int = 0
    last_error: str | None = None
