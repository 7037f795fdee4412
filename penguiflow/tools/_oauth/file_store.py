"""Keeps tokens in a file that only its owner can read, for machines without a keyring."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from penguiflow._clock import WallClock
from penguiflow.redaction import remember_secret
from penguiflow.tools._oauth.private_file import PrivateFile, release
from penguiflow.tools._oauth.sealing import Sealer, open_entries, seal_entries
from penguiflow.tools._oauth.stores import EntryLocks, TokensInEntries, system_clock

_T = TypeVar("_T")


class FileTokenStore(TokensInEntries):
    """Keeps tokens in one file, encrypted if there is a `passphrase`, else as readable text.

    The file has mode 0600, a folder that is made for it 0700; each change replaces the file whole, and
    processes that share it take turns. `passphrase` is stretched with scrypt.
    """

    def __init__(
        self, path: str | Path, passphrase: str | None = None, *, clock: WallClock = system_clock
    ) -> None:
        super().__init__(clock=clock)
        if passphrase:
            remember_secret(passphrase)
        self._file = PrivateFile(Path(path))
        self._sealer = Sealer(passphrase) if passphrase else None
        self._locks = EntryLocks()

    async def read(self, entry: str) -> str | None:
        """Return the secret of an entry.

        Raises:
            ToolAuthError: others can read the file, it is damaged, or the passphrase is not the one it has.
        """
        return await asyncio.to_thread(lambda: self._entries().get(entry))

    async def write(self, entry: str, secret: str) -> None:
        """Keep the secret of an entry.

        Raises:
            ToolAuthError: as `read`, or the file cannot be written.
        """
        await self._change(lambda entries: entries.__setitem__(entry, secret))

    async def remove(self, entry: str) -> None:
        """Forget an entry.

        Raises:
            ToolAuthError: as `write`.
        """
        await self._change(lambda entries: entries.pop(entry, None))

    @asynccontextmanager
    async def exclusive(self, entry: str) -> AsyncGenerator[None]:
        """Be the only one, of all processes that use the file, who renews tokens in it."""
        async with self._locks.exclusive("file"):
            waiting = asyncio.ensure_future(asyncio.to_thread(self._file.take_turn))
            try:
                turn = await asyncio.shield(waiting)
            except asyncio.CancelledError:
                waiting.add_done_callback(_pass_on)
                raise
            try:
                yield
            finally:
                release(turn)

    async def _change(self, change: Callable[[dict[str, str]], object]) -> None:
        await asyncio.to_thread(self._change_now, change)

    def _change_now(self, change: Callable[[dict[str, str]], object]) -> None:
        with self._file.locked():
            entries = self._entries()
            before = dict(entries)
            change(entries)
            if entries != before:
                self._file.replace(seal_entries(entries, self._sealer))

    def _entries(self) -> dict[str, str]:
        content = self._file.content()
        return {} if content is None else open_entries(content, self._sealer, path=str(self._file.path))


def _pass_on(waited: asyncio.Future[int]) -> None:
    """Let the next process go on: whoever waited for this turn gave up."""
    if not waited.cancelled() and waited.exception() is None:
        release(waited.result())
