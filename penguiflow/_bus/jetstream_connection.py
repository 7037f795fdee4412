"""One connection to a NATS server with a stream, from `open` until it is lost or closed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from penguiflow._bus.acks import Ack, ack_of
from penguiflow._bus.nats_package import NatsMessage, NatsPackage


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamPlace:
    """Where a stream is, and how it is made if it is not there."""

    servers: tuple[str, ...]
    stream: str
    subject_prefix: str
    max_messages: int
    timeout_s: float
    options: Mapping[str, Any]  # of `nats.connect`


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A message as the stream gets it; `number` is how its acknowledgement is told from others."""

    number: int
    message_id: str
    subject: str
    body: bytes


class JetStreamConnection:
    """Publishes, and collects the acknowledgements. It never reconnects by itself.

    A client that does so sends what it still holds before what is sent again here: out of order.
    """

    def __init__(self, package: NatsPackage, place: StreamPlace) -> None:
        self._package = package
        self._client = package.new_client()
        self._place = place
        self._inbox = ""
        self._acks: dict[int, Ack] = {}
        self._missing: set[int] = set()
        self._settled = asyncio.Event()
        self._is_lost = False
        self._last_error: Exception | None = None

    async def open(self) -> None:
        """Connect, and make the stream if it is not there.

        Raises:
            Exception: of the package, or a ConnectionError; `close` is still to be called.
        """
        await self._connect()
        await self._ensure_stream()
        self._inbox = self._client.new_inbox()
        await self._client.subscribe(f"{self._inbox}.*", cb=self._take_ack)

    @property
    def max_payload(self) -> int:
        """What the server takes in one message, headers included."""
        return self._client.max_payload

    async def publish(self, messages: Sequence[Publication]) -> tuple[Mapping[int, Ack], str]:
        """Publish the messages; return the acknowledgements by number, and why one is missing if it is.

        Raises:
            Exception: of the package, when the connection is closed.
        """
        self._acks, self._missing = {}, {message.number for message in messages}
        self._settled.clear()
        for message in messages:
            await self._client.publish(
                message.subject,
                message.body,
                reply=f"{self._inbox}.{message.number}",
                headers={"Nats-Msg-Id": message.message_id},
            )
        try:
            async with asyncio.timeout(self._place.timeout_s):
                if self._missing and not self._is_lost:
                    await self._settled.wait()
        except TimeoutError:
            return self._acks, f"no acknowledgement within {self._place.timeout_s:g} s"
        return self._acks, f"the connection was lost: {self._last_error}"

    async def close(self) -> None:
        await self._client.close()

    async def _connect(self) -> None:
        options = {
            "name": "penguiflow",
            "connect_timeout": self._place.timeout_s,
            **self._place.options,
            "allow_reconnect": False,
            "max_reconnect_attempts": 1,
            "reconnect_time_wait": 0,
            "pending_size": 0,  # a client that holds back waits in a way that cannot be cancelled
            "error_cb": self._note_error,
            "closed_cb": self._note_loss,
        }
        try:
            await self._client.connect(list(self._place.servers), **options)
        except self._package.no_servers_error as exc:
            raise ConnectionError(f"no server answers: {self._last_error}") from exc

    async def _ensure_stream(self) -> None:
        place = self._place
        api = self._client.jetstream(timeout=place.timeout_s)
        try:
            try:
                await api.stream_info(place.stream)
            except self._package.no_stream_error:
                await api.add_stream(
                    name=place.stream, subjects=[f"{place.subject_prefix}.>"], max_msgs=place.max_messages
                )
        except self._package.no_jetstream_error as exc:
            raise ConnectionError(
                f"JetStream does not answer ({exc}); is the server started with `-js`?"
            ) from exc

    async def _take_ack(self, message: NatsMessage) -> None:
        number = int(message.subject.rpartition(".")[2])
        self._acks[number] = ack_of(message.data, message.headers)
        self._missing.discard(number)
        if not self._missing:
            self._settled.set()

    async def _note_error(self, error: Exception) -> None:
        self._last_error = error

    async def _note_loss(self) -> None:
        self._is_lost = True
        self._settled.set()
