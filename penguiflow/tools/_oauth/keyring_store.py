"""Keeps tokens in the keyring of the operating system, and says so when there is none."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeVar

from penguiflow._clock import WallClock
from penguiflow.tools._oauth.stores import (
    EntryLocks,
    InMemoryTokenStore,
    SecretStore,
    TokensInEntries,
    system_clock,
)
from penguiflow.tools.errors import ToolAuthError

_T = TypeVar("_T")
_HINT = "keep tokens in an encrypted file with `FileTokenStore(path, passphrase)`, or in memory only"


class KeyringBackend(Protocol):
    """What is used of a backend of the `keyring` package."""

    def get_password(self, service: str, username: str, /) -> str | None: ...

    def set_password(self, service: str, username: str, password: str, /) -> None: ...

    def delete_password(self, service: str, username: str, /) -> None: ...


class KeyringTokenStore(TokensInEntries):
    """Keeps tokens in the keyring of the operating system.

    `backend` is one of the `keyring` package; None means the one it chooses for this machine. There is no
    lock between processes: two that refresh one token at once both end up with the newer one.
    """

    def __init__(
        self,
        service: str = "penguiflow",
        backend: KeyringBackend | None = None,
        *,
        clock: WallClock = system_clock,
    ) -> None:
        super().__init__(clock=clock)
        self._service = service
        self._backend = backend
        self._locks = EntryLocks()

    async def check(self) -> None:
        """See whether the keyring can be used.

        Raises:
            ToolAuthError: there is none that keeps secrets safely, or it does not answer.
        """
        await self.read("check")

    async def read(self, entry: str) -> str | None:
        """Return the secret of an entry.

        Raises:
            ToolAuthError: as `check`.
        """
        return await self._do(lambda backend: backend.get_password(self._service, entry))

    async def write(self, entry: str, secret: str) -> None:
        """Keep the secret of an entry.

        Raises:
            ToolAuthError: as `check`.
        """
        await self._do(lambda backend: backend.set_password(self._service, entry, secret))

    async def remove(self, entry: str) -> None:
        """Forget an entry.

        Raises:
            ToolAuthError: as `check`.
        """
        await self._do(lambda backend: _remove(backend, self._service, entry))

    def exclusive(self, entry: str) -> AbstractAsyncContextManager[None]:
        """Be the only one in this event loop who changes the entry."""
        return self._locks.exclusive(entry)

    async def _do(self, action: Callable[[KeyringBackend], _T]) -> _T:
        return await asyncio.to_thread(_in_thread, self._backend, action)


async def keyring_or_memory(
    service: str = "penguiflow", backend: KeyringBackend | None = None
) -> tuple[SecretStore, str | None]:
    """Return the keyring if it can be used, else a store in memory and why the keyring cannot.

    Tokens are never written to a file by this: whoever wants one asks for a `FileTokenStore`.
    """
    store = KeyringTokenStore(service, backend)
    try:
        await store.check()
    except ToolAuthError as error:
        return InMemoryTokenStore(), str(error)
    return store, None


def _in_thread(backend: KeyringBackend | None, action: Callable[[KeyringBackend], _T]) -> _T:
    try:
        # Not above: looking for the backends of this machine takes a moment.
        import keyring.errors  # noqa: PLC0415
    except ImportError as error:
        raise ToolAuthError(
            "the package `keyring` is not installed", hint="pip install 'penguiflow[tools]'", cause=error
        ) from error
    used = _system_backend() if backend is None else backend
    why_not = _unsafe(used)
    if why_not:
        raise ToolAuthError(why_not, hint=_HINT)
    try:
        return action(used)
    except keyring.errors.KeyringError as error:
        # Not the text of the error: a backend may quote what it was given.
        raise ToolAuthError(
            f"the keyring of this machine cannot be used ({type(error).__name__})", hint=_HINT
        ) from None


@functools.cache
def _system_backend() -> KeyringBackend:
    import keyring  # noqa: PLC0415 - as above

    return keyring.get_keyring()


def _unsafe(backend: KeyringBackend) -> str | None:
    """Return why a backend is not used: it keeps nothing, or keeps it for everybody to read."""
    kind = f"{type(backend).__module__}.{type(backend).__qualname__}"
    if kind in ("keyring.backends.fail.Keyring", "keyring.backends.null.Keyring"):
        return "this machine has no keyring"
    if "plaintext" in kind.lower():
        return f"the keyring `{kind}` of this machine does not encrypt"
    return None


def _remove(backend: KeyringBackend, service: str, entry: str) -> None:
    if backend.get_password(service, entry) is not None:
        backend.delete_password(service, entry)
