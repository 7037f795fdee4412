"""Publishing to a Redis Stream: one entry for each envelope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from penguiflow._artifacts.protocol import ArtifactStore
from penguiflow._bus.errors import BusError
from penguiflow._bus.publisher import BufferedPublisher
from penguiflow._bus.settings import BusLimits, Sources
from penguiflow._bus.transport import Delivery, Outgoing
from penguiflow._redis import INSTALL_HINT, RedisClient, make_client

DEFAULT_STREAM: Final = "penguiflow"
DEFAULT_MAX_ENTRIES: Final = 100_000


class RedisStreamsPublisher(BufferedPublisher):
    """Adds each envelope to the stream under the key `stream`, as an entry of two fields.

    `envelope` is the JSON, `id` the id that also stands in it: an entry whose answer was lost is added again
    with the same id. The stream keeps about `max_entries`, and forgets its oldest ones.

    `options` are further arguments of `redis.asyncio.Redis.from_url` (credentials, TLS).

    Raises:
        BusError: the package `redis` is not installed, or `url` is no URL of a Redis server.
    """

    def __init__(
        self,
        url: str,
        *,
        stream: str = DEFAULT_STREAM,
        max_entries: int | None = DEFAULT_MAX_ENTRIES,
        limits: BusLimits | None = None,
        artifact_store: ArtifactStore | None = None,
        options: Mapping[str, Any] | None = None,  # see above
        sources: Sources | None = None,
    ) -> None:
        limits = limits or BusLimits()
        try:
            client = make_client(url, timeout_s=limits.answer_timeout_s, retries=0, options=options or {})
        except ImportError as exc:
            raise BusError(str(exc), hint=INSTALL_HINT) from exc
        except ValueError as exc:
            raise BusError(f"not the URL of a Redis server: {exc}", hint="redis://HOST:6379/0") from exc
        super().__init__(
            RedisStream(client, stream, max_entries),
            limits=limits,
            artifact_store=artifact_store,
            sources=sources,
        )


class RedisStream:
    """A `Transport`: the commands of a batch go out together, and are answered one by one.

    They are no transaction. A Redis 7.0 that dies while it writes one to its file keeps the first half, runs
    it at its next start together with a later one, and then trims the stream to a length that is wrong.
    """

    max_message_bytes = None

    def __init__(self, client: RedisClient, stream: str, max_entries: int | None) -> None:
        self._client = client
        self._stream = stream
        self._max_entries = max_entries

    async def connect(self) -> None:
        await self._client.ping()

    async def send(self, batch: Sequence[Outgoing]) -> Delivery:
        pipeline = self._client.pipeline(transaction=False)
        for message in batch:
            pipeline.xadd(
                self._stream,
                {"id": message.message_id, "envelope": message.body},
                maxlen=self._max_entries,
                approximate=True,
            )
        answers = await pipeline.execute(raise_on_error=False)
        for position, answer in enumerate(answers):
            if isinstance(answer, Exception):
                return Delivery(acknowledged=position, failure=answer)
        return Delivery(acknowledged=len(answers))

    async def close(self) -> None:
        await self._client.aclose()
