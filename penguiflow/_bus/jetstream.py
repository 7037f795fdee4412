"""Publishing to a NATS JetStream stream: one message for each envelope, under a subject of its edge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import takewhile
from typing import Any, Final

from penguiflow._artifacts.protocol import ArtifactStore
from penguiflow._bus.acks import delivery_of
from penguiflow._bus.errors import BusError
from penguiflow._bus.jetstream_connection import JetStreamConnection, Publication, StreamPlace
from penguiflow._bus.nats_package import INSTALL_HINT, NatsPackage
from penguiflow._bus.publisher import BufferedPublisher
from penguiflow._bus.settings import BusLimits, Sources
from penguiflow._bus.subjects import check_prefix, subject_of
from penguiflow._bus.transport import Delivery, Outgoing

DEFAULT_STREAM: Final = "penguiflow"
DEFAULT_SUBJECT_PREFIX: Final = "penguiflow"
DEFAULT_MAX_MESSAGES: Final = 1_000_000

_HEADER_BYTES: Final = 200  # the server counts headers as well


class NatsJetStreamPublisher(BufferedPublisher):
    """Publishes each envelope as JSON under `subject_prefix.SOURCE.TARGET`.

    If the server has no stream of the name `stream`, it is made: for all subjects with the prefix, keeping
    the last `max_messages`. The header `Nats-Msg-Id` holds the envelope's id, by which the stream knows a
    message that is sent again.

    `options` are further arguments of `nats.connect` (credentials, TLS).

    Raises:
        BusError: the package `nats-py` is not installed, or the stream or the prefix has no valid name.
    """

    def __init__(
        self,
        servers: str | Sequence[str],
        *,
        stream: str = DEFAULT_STREAM,
        subject_prefix: str = DEFAULT_SUBJECT_PREFIX,
        max_messages: int = DEFAULT_MAX_MESSAGES,
        limits: BusLimits | None = None,
        artifact_store: ArtifactStore | None = None,
        options: Mapping[str, Any] | None = None,  # see above
        sources: Sources | None = None,
    ) -> None:
        limits = limits or BusLimits()
        check_prefix(stream, "stream", dots=False)
        check_prefix(subject_prefix, "subject_prefix", dots=True)
        try:
            package = NatsPackage()
        except ImportError as exc:
            raise BusError(str(exc), hint=INSTALL_HINT) from exc
        place = StreamPlace(
            servers=(servers,) if isinstance(servers, str) else tuple(servers),
            stream=stream,
            subject_prefix=subject_prefix,
            max_messages=max_messages,
            timeout_s=limits.answer_timeout_s,
            options=options or {},
        )
        super().__init__(
            JetStream(package, place), limits=limits, artifact_store=artifact_store, sources=sources
        )


class JetStream:
    """A `Transport`: the messages of a batch go out together, and are acknowledged one by one."""

    def __init__(self, package: NatsPackage, place: StreamPlace) -> None:
        self._package = package
        self._place = place
        self._connection: JetStreamConnection | None = None

    @property
    def max_message_bytes(self) -> int | None:
        return None if self._connection is None else self._connection.max_payload - _HEADER_BYTES

    async def connect(self) -> None:
        self._connection = JetStreamConnection(self._package, self._place)
        await self._connection.open()

    async def send(self, batch: Sequence[Outgoing]) -> Delivery:
        connection = self._connection
        if connection is None:
            raise ConnectionError("not connected")
        max_bytes = connection.max_payload - _HEADER_BYTES
        fitting = list(takewhile(lambda message: len(message.body) <= max_bytes, batch))
        if fitting:
            acks, silence = await connection.publish([self._publication(message) for message in fitting])
            delivery = delivery_of([message.seq for message in fitting], acks, silence=silence)
            if delivery.failure is not None or len(fitting) == len(batch):
                return delivery
        problem = f"a message of {len(batch[len(fitting)].body)} bytes, and the server takes {max_bytes}"
        return Delivery(acknowledged=len(fitting), failure=ConnectionError(problem), is_refused=True)

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    def _publication(self, message: Outgoing) -> Publication:
        return Publication(
            number=message.seq,
            message_id=message.message_id,
            subject=subject_of(self._place.subject_prefix, message.source, message.target),
            body=message.body,
        )
