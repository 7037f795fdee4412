"""A server in place of a real one, which does what a test wants of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

from penguiflow._bus.publisher import BufferedPublisher
from penguiflow._bus.settings import BusLimits, Sources
from penguiflow._bus.transport import Delivery, Outgoing
from penguiflow.bus import BusEnvelope
from tests.fakes.flows import loop_clock

Verdict = Callable[[Sequence[Outgoing]], Delivery]


class ScriptedServer:
    """A `Transport` under virtual time. `verdict` decides on each batch, `None` accepts all of it."""

    max_message_bytes: int | None = None

    def __init__(self) -> None:
        self.is_up = True
        self.connected_at: list[float] = []
        self.batches: list[list[int]] = []
        self.received: list[dict[str, Any]] = []
        self.verdict: Verdict | None = None
        self.opened = asyncio.Event()
        self.opened.set()
        """While this is not set, sending hangs."""
        self.is_connected = False

    async def connect(self) -> None:
        self.connected_at.append(loop_clock())
        if not self.is_up:
            raise ConnectionError("connect to redis://ann:herring@host failed")
        self.is_connected = True

    async def send(self, batch: Sequence[Outgoing]) -> Delivery:
        assert self.is_connected
        self.batches.append([message.seq for message in batch])
        await self.opened.wait()
        if not self.is_up:
            raise ConnectionError("the connection was lost")
        delivery = self.verdict(batch) if self.verdict else Delivery(acknowledged=len(batch))
        self.received += [json.loads(message.body) for message in batch[: delivery.acknowledged]]
        return delivery

    async def close(self) -> None:
        self.is_connected = False

    @property
    def payloads(self) -> list[Any]:
        return [each["payload"] for each in self.received]


def publisher(server: Any, **limits: Any) -> BufferedPublisher:
    """Return a publisher under virtual time, with pauses as short as they can be."""
    sources = Sources(clock=loop_clock, wall_clock=loop_clock, chance=lambda: 0.0, new_id=lambda: "publisher")
    return BufferedPublisher(server, limits=BusLimits(**limits), sources=sources)


def envelope(payload: object) -> BusEnvelope:
    return BusEnvelope("a->b", "a", "b", "t", payload, None, None)
