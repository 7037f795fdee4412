"""What a publisher is allowed, and what it takes from outside."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, fields

from penguiflow._clock import MonotonicClock, WallClock, monotonic_clock, wall_clock
from penguiflow._ids import IdSource, new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class BusLimits:
    """How much may wait, how large a message may be, and how long a server may take.

    Raises:
        ValueError: a limit is not positive, or the buffer has no room for one message.
    """

    buffer_envelopes: int = 10_000
    buffer_bytes: int = 64 * 2**20
    """Beyond either bound the oldest envelopes are dropped."""

    message_bytes: int = 1_000_000
    """A larger envelope goes without its largest parts; NATS takes 1,048,576 with all headers."""

    batch_envelopes: int = 256
    """How many are on their way to the server before it has answered."""

    answer_timeout_s: float = 5.0
    """How long a server may take to answer, also to be connected to."""

    first_pause_s: float = 0.1
    longest_pause_s: float = 5.0
    """Between attempts after a failure; each pause is about twice the one before."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not value > 0:
                raise ValueError(f"`{field.name}` is {value!r}; it must be greater than 0")
        if self.buffer_bytes < self.message_bytes:
            raise ValueError(
                f"`buffer_bytes` is {self.buffer_bytes}, which does not hold one message of "
                f"`message_bytes` ({self.message_bytes})"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where time, chance and ids come from."""

    clock: MonotonicClock = monotonic_clock
    wall_clock: WallClock = wall_clock
    chance: Callable[[], float] = random.random
    """At least 0 and less than 1."""

    new_id: IdSource = new_id
