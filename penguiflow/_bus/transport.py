"""The port to a kind of server, and what passes through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(slots=True, eq=False)
class Outgoing:
    """An envelope on its way; `body` is its JSON, which is final once `is_ready`."""

    seq: int
    message_id: str
    source: str | None
    target: str | None
    trace_id: str | None
    body: bytes
    size: int
    """What it counts in the buffer, in bytes."""

    is_ready: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of a batch: the server has the first `acknowledged` ones, and the next one met `failure`.

    With `is_refused` the server will never take that one; else it and all behind it are to be sent again.
    """

    acknowledged: int
    failure: Exception | None = None
    is_refused: bool = False


class Transport(Protocol):
    """One connection to a server. Whoever uses it closes it after each failure before connecting again."""

    @property
    def max_message_bytes(self) -> int | None:
        """The largest body that the connected server takes; `None` without a limit."""
        ...

    async def connect(self) -> None:
        """Connect, and make what is needed at the server.

        Raises:
            Exception: anything, when that is not possible; `close` is still to be called.
        """
        ...

    async def send(self, batch: Sequence[Outgoing]) -> Delivery:
        """Send the batch in its order, and wait until the server has answered or fails to.

        Raises:
            Exception: anything, when it is unknown what the server has.
        """
        ...

    async def close(self) -> None:
        """Give the connection up, if there is one; what was not acknowledged may or may not arrive."""
        ...
