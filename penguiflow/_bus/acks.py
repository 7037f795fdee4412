"""What JetStream answers to the messages of a batch, and what that means for the batch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from penguiflow._bus.transport import Delivery

_TOO_LARGE_CODES: Final = frozenset(
    {10054}
)  # "message size exceeds maximum allowed", by the stream's own limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """The answer to one message; `problem` is `None` when the stream has it, also when it had it before."""

    problem: str | None = None
    is_refused: bool = False


def ack_of(data: bytes, headers: Mapping[str, str] | None) -> Ack:
    """Read an answer; one that cannot be read is a problem too."""
    if headers is not None and headers.get("Status") == "503":
        return Ack(problem="no stream takes the subject")
    try:
        answer: Any = json.loads(data)  # JSON of the server, looked at piece by piece
        error = answer.get("error")
        if error is None:
            return Ack() if "stream" in answer else Ack(problem=f"an answer without a stream: {answer}")
        return Ack(
            problem=f"JetStream error {error.get('err_code')}: {error.get('description')}",
            is_refused=error.get("err_code") in _TOO_LARGE_CODES,
        )
    except (ValueError, AttributeError):
        return Ack(problem=f"an answer that is no acknowledgement: {data[:100]!r}")


def delivery_of(order: Sequence[int], acks: Mapping[int, Ack], *, silence: str) -> Delivery:
    """Return how far the batch came whose messages have these numbers.

    Only what precedes the first problem counts, so that what is sent again is sent in order; JetStream knows
    by their ids the later ones that it has already. `silence` says why a number has no answer.
    """
    for position, number in enumerate(order):
        ack = acks.get(number, Ack(problem=silence))
        if ack.problem is not None:
            return Delivery(
                acknowledged=position, failure=ConnectionError(ack.problem), is_refused=ack.is_refused
            )
    return Delivery(acknowledged=len(order))
