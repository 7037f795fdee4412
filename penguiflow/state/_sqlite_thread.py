"""One connection on one thread, so that the event loop never waits for a disk."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

from penguiflow.state._sqlite_schema import connect, prepare_file, store_error
from penguiflow.state.errors import StoreError

_ResultT = TypeVar("_ResultT")


class SqliteThread:
    """Owns a connection and the only thread that touches it; `aclose` joins the thread."""

    def __init__(self, path: Path, connection: sqlite3.Connection, thread: ThreadPoolExecutor) -> None:
        self._path = path
        self._connection = connection
        self._thread = thread
        self._closed = False

    @classmethod
    async def open(cls, path: Path, *, busy_timeout_s: float) -> Self:
        """Open the history file `path`, creating it if need be.

        Raises:
            StoreError: it cannot be opened, or is no history this version reads.
        """
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="penguiflow-sqlite")
        try:
            connection = await asyncio.get_running_loop().run_in_executor(
                thread, _open_file, path, busy_timeout_s
            )
        except BaseException:
            thread.shutdown()
            raise
        return cls(path, connection, thread)

    async def read(self, work: Callable[[sqlite3.Connection], _ResultT]) -> _ResultT:
        """Run `work` on the thread.

        Raises:
            StoreError: the file cannot be read.
        """
        return await self._submit(work)

    async def write(self, work: Callable[[sqlite3.Connection], _ResultT], *, durable: bool) -> _ResultT:
        """Run `work` in one transaction: all of it is stored, or nothing.

        A durable transaction is on the disk when this returns; any other survives the process at once and
        a power failure soon.

        Raises:
            StoreError: nothing was stored.
        """

        def in_transaction(connection: sqlite3.Connection) -> _ResultT:
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                result = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            return result

        return await self._submit(in_transaction)

    async def aclose(self) -> None:
        """Finish what was submitted, close the file and end the thread."""
        if self._closed:
            return
        self._closed = True
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._connection.close)
        finally:
            self._thread.shutdown()  # the thread has nothing left to do, so this does not block

    async def _submit(self, work: Callable[[sqlite3.Connection], _ResultT]) -> _ResultT:
        if self._closed:
            raise StoreError(f"the history `{self._path}` is closed", hint="open the store again")
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, work, self._connection)
        except sqlite3.Error as error:
            raise store_error(self._path, error) from error
        except UnicodeEncodeError as error:
            raise StoreError(
                f"the history `{self._path}` cannot keep the name {error.object!a}: it is no Unicode",
                hint="give ids of sessions, runs, traces and tokens that can be printed",
            ) from error


def _open_file(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    try:
        prepare_file(path)
        return connect(path, busy_timeout_s=busy_timeout_s)
    except (sqlite3.Error, OSError) as error:
        raise store_error(path, error) from error
