"""The one place that knows the package `redis`; it loads with the first client, for a third of a second."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Final, Protocol, cast

INSTALL_HINT: Final = "pip install 'penguiflow[redis]'"


class RedisPipeline(Protocol):
    """Commands that go to the server together."""

    def xadd(
        self, name: str, fields: Mapping[str, bytes | str], *, maxlen: int | None, approximate: bool
    ) -> object: ...

    async def execute(self, *, raise_on_error: bool) -> Sequence[object]: ...


class RedisClient(Protocol):
    """What is used of `redis.asyncio.Redis`; after `aclose` it connects again with the next command."""

    async def ping(self) -> object: ...

    async def get(self, name: str) -> bytes | None: ...

    async def set(self, name: str, value: str, *, px: int | None) -> object: ...

    def pipeline(self, *, transaction: bool) -> RedisPipeline: ...

    async def aclose(self) -> None: ...


def make_client(url: str, *, timeout_s: float, retries: int, options: Mapping[str, Any]) -> RedisClient:
    """Return a client that has not connected yet; a command waits up to `timeout_s`, `retries` times more.

    `options` are further arguments of `redis.asyncio.Redis.from_url`, of whatever type those have.

    Raises:
        ImportError: the package is not installed.
        ValueError: it is no URL of a Redis server.
    """
    try:
        # Any: modules of incomplete types, of which three classes are called, here and nowhere else.
        package: Any = import_module("redis.asyncio")
        retry: Any = import_module("redis.asyncio.retry")
        backoff: Any = import_module("redis.backoff")
    except ImportError as exc:
        raise ImportError(f"Redis needs a package that is missing ({exc}): {INSTALL_HINT}") from exc
    client = package.Redis.from_url(
        url,
        **{
            "socket_connect_timeout": timeout_s,
            "socket_timeout": timeout_s,
            "retry": retry.Retry(backoff.NoBackoff(), retries),
            **options,
        },
    )
    return cast("RedisClient", client)


def redis_error() -> type[Exception]:
    """Return the base of all errors of the package, which a client has loaded before."""
    return cast("type[Exception]", import_module("redis.exceptions").RedisError)
