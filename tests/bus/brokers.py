"""The two kinds of server behind one face: making publishers, and reading back what arrived."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Protocol

import nats
from redis.asyncio import Redis

from penguiflow.bus import NatsJetStreamPublisher, RedisStreamsPublisher
from tests.fakes.servers import NatsServer, RedisServer

Publisher = RedisStreamsPublisher | NatsJetStreamPublisher


class Broker(Protocol):
    server: RedisServer | NatsServer

    def publisher(self, stream: str, *, port: int | None = None, **options: Any) -> Publisher:
        """Return a publisher to the stream; `port` leads to the server by another way."""
        ...

    async def read(self, stream: str) -> list[dict[str, Any]]:
        """Return every envelope of the stream in its order, repeated ones included."""
        ...


class RedisBroker:
    def __init__(self, server: RedisServer) -> None:
        self.server = server

    def publisher(self, stream: str, *, port: int | None = None, **options: Any) -> RedisStreamsPublisher:
        return RedisStreamsPublisher(
            f"redis://127.0.0.1:{port or self.server.port}/0", stream=stream, **options
        )

    async def read(self, stream: str) -> list[dict[str, Any]]:
        client = Redis.from_url(self.server.url)
        try:
            entries = await client.xrange(stream)
        finally:
            await client.aclose()
        envelopes = [json.loads(fields[b"envelope"]) for _, fields in entries]
        assert [fields[b"id"].decode() for _, fields in entries] == [each["id"] for each in envelopes]
        return envelopes


class NatsBroker:
    def __init__(self, server: NatsServer) -> None:
        self.server = server

    def publisher(self, stream: str, *, port: int | None = None, **options: Any) -> NatsJetStreamPublisher:
        url = f"nats://127.0.0.1:{port or self.server.port}"
        return NatsJetStreamPublisher(url, stream=stream, subject_prefix=stream, **options)

    async def read(self, stream: str) -> list[dict[str, Any]]:
        return [json.loads(message.data) for message in await self.messages(stream)]

    async def messages(self, stream: str) -> list[Any]:
        """Return the messages as the client of NATS gives them."""
        client = await nats.connect(self.server.url)
        try:
            api = client.jetstream()
            left = (await api.stream_info(stream)).state.messages
            messages: list[Any] = []
            if left:
                consumer = await api.pull_subscribe("", stream=stream)
                while len(messages) < left:
                    fetched = await consumer.fetch(min(500, left - len(messages)), timeout=5)
                    for message in fetched:
                        await message.ack()
                    messages += fetched
            return messages
        finally:
            await client.close()


def first_of_each(envelopes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the envelopes as a reader sees them that skips ids it has seen."""
    return list({envelope["id"]: envelope for envelope in reversed(envelopes)}.values())[::-1]


MakeBroker = Callable[..., Broker]
"""Starts a server of one kind with further options, for one test that does something to it."""
