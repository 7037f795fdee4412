"""What all publishers have in common: everything but the server."""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self

from penguiflow._artifacts.protocol import ArtifactStore
from penguiflow._bus.envelope import BusEnvelope
from penguiflow._bus.errors import BusError
from penguiflow._bus.packing import Packer
from penguiflow._bus.sender import Sender
from penguiflow._bus.settings import BusLimits, Sources
from penguiflow._bus.statistics import BusStatistics, Tally
from penguiflow._bus.transport import Transport
from penguiflow._bus.wire import Stamp

CLOSE_TIMEOUT_S: Final = 5.0


class BufferedPublisher:
    """A `MessageBus` that never waits: envelopes go into a buffer, and one task sends them in order.

    It sends from `start` until `aclose`; as an async context manager it does both. What the server has not
    acknowledged is sent again. When the server is away for longer than the buffer lasts, the oldest
    envelopes are dropped and counted.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        limits: BusLimits | None = None,
        artifact_store: ArtifactStore | None = None,
        sources: Sources | None = None,
    ) -> None:
        limits, sources = limits or BusLimits(), sources or Sources()
        tally = Tally()
        self._packer = Packer(limits, artifact_store, tally)
        self._sender = Sender(transport, self._packer, tally, limits=limits, sources=sources)
        self._wall_clock = sources.wall_clock
        self._id = sources.new_id()
        self._seq = 0
        self._was_started = False

    def start(self) -> None:
        """Begin to connect and to send, in a task of the running loop that `aclose` ends.

        Raises:
            BusError: it was started before.
        """
        if self._was_started:
            raise BusError("the publisher was started before", hint="make a new one")
        self._was_started = True
        self._sender.start()

    async def publish(self, envelope: BusEnvelope) -> None:
        """Put the envelope into the buffer, as it is now.

        Raises:
            BusError: the publisher is not started, or closed; a flow logs this and goes on.
        """
        if not self._sender.is_accepting:
            raise BusError(
                f"the publisher is {'closed' if self._was_started else 'not started'}",
                hint="run the flow inside `async with publisher:`",
            )
        self._seq += 1
        stamp = Stamp(
            message_id=f"{self._id}-{self._seq}", publisher=self._id, seq=self._seq, ts=self._wall_clock()
        )
        self._sender.offer(self._packer.pack(envelope, stamp))

    def statistics(self) -> BusStatistics:
        """Return what became of the envelopes so far."""
        return self._sender.statistics()

    async def aclose(self, timeout_s: float = CLOSE_TIMEOUT_S) -> int:
        """Send what is left, for at most `timeout_s` seconds, and return how many were not sent."""
        return await self._sender.aclose(timeout_s)

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()
