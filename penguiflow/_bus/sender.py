"""The one task that talks to a server: it connects, sends what is oldest, and tries again after a failure."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from penguiflow._bus.backoff import pause_s
from penguiflow._bus.buffer import Buffer
from penguiflow._bus.log import LOGGER, SparseLog
from penguiflow._bus.packing import Packer
from penguiflow._bus.settings import BusLimits, Sources
from penguiflow._bus.statistics import BusStatistics, Tally
from penguiflow._bus.transport import Delivery, Outgoing, Transport
from penguiflow.errors import text_of
from penguiflow.redaction import redact_text

_BATCH_BYTES: Final = 2_000_000
_FAREWELL_S: Final = 1.0  # how long closing a connection may take
_CANCELLATIONS: Final = 4  # a package may swallow one
_MESSAGES_PER_TURN: Final = 8  # redacting them takes some milliseconds; then others have a turn


class Sender:
    """Sends in order what it is offered, from `start` until `aclose`."""

    def __init__(
        self, transport: Transport, packer: Packer, tally: Tally, *, limits: BusLimits, sources: Sources
    ) -> None:
        self._transport = transport
        self._packer = packer
        self._tally = tally
        self._limits = limits
        self._chance = sources.chance
        self._log = SparseLog(sources.clock)
        self._buffer = Buffer(max_items=limits.buffer_envelopes, max_bytes=limits.buffer_bytes)
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()
        self._hurry = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_closing = False
        self._is_connected = False
        self._failures = 0
        self._farewell_s = _FAREWELL_S

    @property
    def is_accepting(self) -> bool:
        return self._task is not None and not self._is_closing

    def start(self) -> None:
        """Begin to connect and to send."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="penguiflow:bus")

    def offer(self, message: Outgoing) -> None:
        """Send the message later; drop the oldest ones if too many wait."""
        if self._buffer.append(message):
            self._log.warn("message_bus_overflow", dropped=self._buffer.dropped, buffered=len(self._buffer))
        self._note_fill()

    def statistics(self) -> BusStatistics:
        return BusStatistics(
            sent=self._tally.sent,
            dropped=self._buffer.dropped,
            refused=self._tally.refused,
            buffered=len(self._buffer),
            truncated=self._tally.truncated,
            reconnects=max(0, self._tally.connections - 1),
            last_error=self._tally.last_error,
        )

    async def aclose(self, timeout_s: float) -> int:
        """Send what is left within `timeout_s`, end the task, and return how many were not sent."""
        if self._task is None or self._task.done():
            return len(self._buffer)
        was_closing, self._is_closing = self._is_closing, True
        self._farewell_s = min(_FAREWELL_S, max(timeout_s / 8, _FAREWELL_S / 20))
        try:
            self._hurry.set()
            with suppress(TimeoutError):
                async with asyncio.timeout(timeout_s - 2 * self._farewell_s):
                    await self._emptied.wait()
        finally:
            await self._end(self._task)
        unsent = len(self._buffer)
        if unsent and not was_closing:
            facts = {"event": "message_bus_unsent", "unsent": unsent, "exception": self._tally.last_error}
            LOGGER.warning("message_bus_unsent", extra=facts)
        return unsent

    async def _end(self, task: asyncio.Task[None]) -> None:
        for _ in range(_CANCELLATIONS):
            task.cancel()
            await asyncio.wait((task,), timeout=2 * self._farewell_s / _CANCELLATIONS)
            if task.done():
                return

    async def _run(self) -> None:
        try:
            while True:
                try:
                    await self._step()
                except asyncio.CancelledError as exc:
                    task = asyncio.current_task()
                    if task is None or task.cancelling():
                        raise
                    await self._recover(exc)  # the package cancelled something of its own
                except Exception as exc:  # noqa: BLE001 - whatever a server and its package do, sending goes on
                    await self._recover(exc)
        finally:
            await self._disconnect()

    async def _step(self) -> None:
        if not self._is_connected:
            await self._transport.connect()
            self._is_connected = True
            self._tally.connections += 1
        elif len(self._buffer) == 0:
            await self._filled.wait()
        else:
            await self._send_batch()

    async def _send_batch(self) -> None:
        batch = self._buffer.oldest(max_items=self._limits.batch_envelopes, max_bytes=_BATCH_BYTES)
        max_bytes = self._transport.max_message_bytes
        for number, message in enumerate(batch, start=1):
            await self._packer.finish(message, max_bytes=max_bytes)
            if number % _MESSAGES_PER_TURN == 0:
                await asyncio.sleep(0)
        delivery = await self._transport.send(batch)
        self._settle(batch, delivery)
        if delivery.failure is not None and not delivery.is_refused:
            raise delivery.failure

    def _settle(self, batch: list[Outgoing], delivery: Delivery) -> None:
        for message in batch[: delivery.acknowledged]:
            self._buffer.remove(message)
        self._tally.sent += delivery.acknowledged
        if delivery.is_refused:
            self._buffer.remove(batch[delivery.acknowledged])
            self._tally.refused += 1
            self._note(delivery.failure)
            self._log.warn("message_bus_refused", exception=self._tally.last_error)
        if delivery.acknowledged or delivery.is_refused:
            self._failures = 0
        self._note_fill()

    async def _recover(self, failure: BaseException) -> None:
        """Give the connection up and leave the server alone for a while."""
        self._failures += 1
        self._note(failure)
        self._log.warn(
            "message_bus_unreachable",
            exception=self._tally.last_error,
            failures=self._failures,
            buffered=len(self._buffer),
            dropped=self._buffer.dropped,
        )
        await self._disconnect()
        pause = pause_s(
            # Who closes has little time left.
            min(self._failures, 2) if self._is_closing else self._failures,
            first_s=self._limits.first_pause_s,
            longest_s=self._limits.longest_pause_s,
            chance=self._chance(),
        )
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._hurry.wait()
        self._hurry.clear()

    async def _disconnect(self) -> None:
        self._is_connected = False
        # Whatever goes wrong with a connection that is given up is no news.
        with suppress(Exception):
            async with asyncio.timeout(self._farewell_s):
                await self._transport.close()

    def _note(self, failure: BaseException | None) -> None:
        if failure is not None:
            self._tally.last_error = redact_text(f"{type(failure).__name__}: {text_of(failure)}")

    def _note_fill(self) -> None:
        for event, is_so in ((self._filled, len(self._buffer) > 0), (self._emptied, len(self._buffer) == 0)):
            if is_so:
                event.set()
            else:
                event.clear()
