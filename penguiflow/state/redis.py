"""Conversation memories in Redis, for services of several processes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Self, cast

from penguiflow._redis import INSTALL_HINT, RedisClient, make_client, redis_error
from penguiflow.redaction import redact_text
from penguiflow.state.errors import StoreError
from penguiflow.state.flow_events import memory_state_json

DEFAULT_PREFIX: Final = "penguiflow:memory:"
_RETRIES: Final = 1  # a connection that the server has given up meanwhile is noticed by the first command


class RedisMemoryStore:
    """Keeps what conversation memories know, each under one key. Open it with `open`, close it with `aclose`.

    A conversation that is not saved for `ttl_s` seconds is forgotten; `None` keeps it for ever.
    """

    def __init__(self, client: RedisClient, *, key_prefix: str, ttl_s: float | None) -> None:
        if ttl_s is not None and not ttl_s >= 0.001:
            raise ValueError(f"`ttl_s` is {ttl_s!r}; it must be at least a millisecond, or None")
        self._client = client
        self._key_prefix = key_prefix
        self._ttl_ms = None if ttl_s is None else round(ttl_s * 1000)

    @classmethod
    async def open(
        cls,
        url: str,
        *,
        key_prefix: str = DEFAULT_PREFIX,
        ttl_s: float | None = None,
        timeout_s: float = 5.0,
        options: Mapping[str, Any] | None = None,  # further arguments of `redis.asyncio.Redis.from_url`
    ) -> Self:
        """Connect to the server at `url`, which may take `timeout_s` to answer, now and later.

        Raises:
            StoreError: the server cannot be reached, `url` is none of Redis, or the package is missing.
            ValueError: `ttl_s` is less than a millisecond.
        """
        try:
            client = make_client(url, timeout_s=timeout_s, retries=_RETRIES, options=options or {})
        except ImportError as exc:
            raise StoreError(str(exc), hint=INSTALL_HINT) from exc
        except ValueError as exc:
            raise StoreError(f"not the URL of a Redis server: {exc}", hint="redis://HOST:6379/0") from exc
        store = cls(client, key_prefix=key_prefix, ttl_s=ttl_s)
        try:
            await client.ping()
        except BaseException as exc:
            await client.aclose()
            if isinstance(exc, redis_error() | OSError):
                raise _store_error("reached", exc) from exc
            raise
        return store

    async def save_memory_state(self, key: str, state: dict[str, Any]) -> None:  # the memory's own JSON form
        text = memory_state_json(key, state)
        try:
            await self._client.set(self._key_prefix + key, text, px=self._ttl_ms)
        except (redis_error(), OSError) as exc:
            raise _store_error("written", exc) from exc

    async def load_memory_state(self, key: str) -> dict[str, Any] | None:
        try:
            text = await self._client.get(self._key_prefix + key)
        except (redis_error(), OSError) as exc:
            raise _store_error("read", exc) from exc
        return None if text is None else _state_of(text, self._key_prefix + key)

    async def aclose(self) -> None:
        """Give the connections back; closing twice is harmless."""
        await self._client.aclose()


def _state_of(text: bytes, name: str) -> dict[str, Any]:  # the memory's own JSON form
    problem: ValueError | None = None
    try:
        state: Any = json.loads(text)  # whatever stands there
        if isinstance(state, dict):
            return cast("dict[str, Any]", state)  # the keys of a JSON object are texts
    except ValueError as exc:
        problem = exc
    raise StoreError(
        f"what Redis has under `{name}` is no memory state",
        hint="another program uses these keys: choose another `key_prefix`",
    ) from problem


def _store_error(verb: str, failure: BaseException) -> StoreError:
    return StoreError(
        redact_text(f"Redis cannot be {verb}: {type(failure).__name__}: {failure}"),
        hint="see that the server runs, and that the URL and the credentials are right",
    )
