"""Where tokens are kept: the protocols, and the store that forgets all when the process ends."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol, runtime_checkable
from urllib.parse import quote

from penguiflow._clock import WallClock
from penguiflow.tools._oauth.grants import Grant, parse_grant


def system_clock() -> float:
    """Return Unix time; looked up at each call, so that whoever sets the clock of a program is heard."""
    return time.time()


class TokenStore(Protocol):
    """Keeps access tokens, each for one user at one provider."""

    async def store(self, user_id: str, provider: str, token: str, expires_at: float | None) -> None:
        """Keep a token until the Unix time `expires_at`; `None` means it does not expire."""
        ...

    async def get(self, user_id: str, provider: str) -> str | None:
        """Return the token, or `None` when there is none that is valid now."""
        ...

    async def delete(self, user_id: str, provider: str) -> None:
        """Forget the token; nothing happens when there is none."""
        ...


@runtime_checkable
class SecretStore(Protocol):
    """A token store that keeps any secret text under the name of its entry.

    With one the manager also keeps refresh tokens, the issuer a token belongs to, and registrations.
    """

    async def store(self, user_id: str, provider: str, token: str, expires_at: float | None) -> None: ...

    async def get(self, user_id: str, provider: str) -> str | None: ...

    async def delete(self, user_id: str, provider: str) -> None: ...

    async def read(self, entry: str) -> str | None:
        """Return the secret of an entry."""
        ...

    async def write(self, entry: str, secret: str) -> None:
        """Keep a secret durably: when this returns, it is not lost by the end of the process."""
        ...

    async def remove(self, entry: str) -> None:
        """Forget an entry; nothing happens when there is none."""
        ...

    def exclusive(self, entry: str) -> AbstractAsyncContextManager[None]:
        """Be the only one who changes the entry, among all who share the store as far as it can say so."""
        ...


def entry_of_grant(user_id: str, provider: str, resource: str = "") -> str:
    """Return the entry of a person's tokens. No two different triples share one."""
    return "grant:" + ":".join(quote(part, safe="") for part in (user_id, provider, resource))


def entry_of_registration(issuer: str, redirect_uri: str) -> str:
    """Return the entry of this program's registration with an issuer."""
    return "client:" + ":".join(quote(part, safe="") for part in (issuer, redirect_uri))


class TokensInEntries(ABC):
    """The three methods of a `TokenStore`, for a store that has entries."""

    def __init__(self, *, clock: WallClock = system_clock) -> None:
        self._clock = clock

    async def store(self, user_id: str, provider: str, token: str, expires_at: float | None) -> None:
        """Keep a token until the Unix time `expires_at`; `None` means it does not expire."""
        grant = Grant(access_token=token, expires_at=expires_at).remember()
        await self.write(entry_of_grant(user_id, provider), grant.model_dump_json())

    async def get(self, user_id: str, provider: str) -> str | None:
        """Return the token if it is valid now; an expired one that cannot be refreshed is forgotten."""
        entry = entry_of_grant(user_id, provider)
        text = await self.read(entry)
        grant = parse_grant(text) if text is not None else None
        if grant is None:
            return None
        if grant.is_valid(self._clock()):
            return grant.access_token
        if grant.refresh_token is None:
            await self.remove(entry)
        return None

    async def delete(self, user_id: str, provider: str) -> None:
        """Forget the token; nothing happens when there is none."""
        await self.remove(entry_of_grant(user_id, provider))

    @abstractmethod
    async def read(self, entry: str) -> str | None:
        """Return the secret of an entry."""

    @abstractmethod
    async def write(self, entry: str, secret: str) -> None:
        """Keep the secret of an entry."""

    @abstractmethod
    async def remove(self, entry: str) -> None:
        """Forget an entry."""


class InMemoryTokenStore(TokensInEntries):
    """Keeps tokens until the process ends."""

    def __init__(self, *, clock: WallClock = system_clock) -> None:
        super().__init__(clock=clock)
        self._secrets: dict[str, str] = {}
        self._locks = EntryLocks()

    async def read(self, entry: str) -> str | None:
        """Return the secret of an entry."""
        return self._secrets.get(entry)

    async def write(self, entry: str, secret: str) -> None:
        """Keep the secret of an entry."""
        self._secrets[entry] = secret

    async def remove(self, entry: str) -> None:
        """Forget an entry."""
        self._secrets.pop(entry, None)

    def exclusive(self, entry: str) -> AbstractAsyncContextManager[None]:
        """Be the only one in this event loop who changes the entry."""
        return self._locks.exclusive(entry)


class EntryLocks:
    """One lock per entry and event loop, which exists while somebody wants it."""

    def __init__(self) -> None:
        self._locks: dict[tuple[asyncio.AbstractEventLoop, str], tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def exclusive(self, entry: str) -> AsyncGenerator[None]:
        """Hold the lock of an entry."""
        key = asyncio.get_running_loop(), entry
        lock, users = self._locks.get(key, (asyncio.Lock(), 0))
        self._locks[key] = lock, users + 1
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks[key]
            if users == 1:
                del self._locks[key]
            else:
                self._locks[key] = lock, users - 1
