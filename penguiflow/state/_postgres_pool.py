"""Connections to one database, and how long and how often work on it is tried."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import random
from typing import Self, TypeAlias, TypeVar

from penguiflow.state._postgres_driver import Connection, Driver, Pool, load_driver
from penguiflow.state._postgres_errors import (
    address_error,
    is_out_of_reach,
    is_passing,
    late_error,
    place_of,
    store_error,
)
from penguiflow.state.errors import StoreError

_ResultT = TypeVar("_ResultT")
Work: TypeAlias = Callable[[Connection], Awaitable[_ResultT]]

_IDLE_IN_TRANSACTION_S = 5.0
"""After this the server lets go of what a frozen process holds, and others need wait no longer."""

_LOCK_TIMEOUT_S = 10.0
_CONNECT_TIMEOUT_S = 10.0
_UNUSED_CONNECTION_S = 60.0
"""Sooner than what lies between forgets a connection that says nothing."""

_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 2.0


def pause_s(attempt: int, *, roll: float) -> float:
    """Return how long to wait after the failed `attempt`, from 1 on; `roll` is a random number below 1.

    The pauses double up to a limit, and each is drawn from the upper half, so that many processes that lost
    the same server do not come back at once.
    """
    longest = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** min(attempt - 1, 16))
    return longest * (0.5 + roll / 2)


class PostgresPool:
    """Runs work on connections of its own; `aclose` closes them.

    Work whose connection broke is done again until `timeout_s` is over, even when the first time may have
    been stored: it must be such that doing it twice changes nothing.
    """

    def __init__(
        self, place: str, driver: Driver, pool: Pool, *, timeout_s: float, roll: Callable[[], float]
    ) -> None:
        self._place = place
        self._pool = pool
        self._timeout_s = timeout_s
        self._roll = roll
        self._errors = (driver.PostgresError, driver.InterfaceError, driver.InternalClientError, OSError)
        self._closed = False

    @classmethod
    async def open(
        cls,
        dsn: str,
        *,
        schema: str,
        max_connections: int,
        timeout_s: float,
        roll: Callable[[], float] = random,
    ) -> Self:
        """Make a pool that connects when it is used; names without a schema are those of `schema`."""
        driver = load_driver()
        pool = await driver.create_pool(
            dsn,
            min_size=0,
            max_size=max_connections,
            max_inactive_connection_lifetime=_UNUSED_CONNECTION_S,
            timeout=min(_CONNECT_TIMEOUT_S, timeout_s),
            command_timeout=timeout_s,
            server_settings={
                "search_path": '"' + schema.replace('"', '""') + '"',
                "idle_in_transaction_session_timeout": _milliseconds(_IDLE_IN_TRANSACTION_S),
                "lock_timeout": _milliseconds(min(_LOCK_TIMEOUT_S, timeout_s / 2)),
                "statement_timeout": _milliseconds(timeout_s),
            },
            reset=_keep_as_it_is,
        )
        return cls(place_of(dsn), driver, pool, timeout_s=timeout_s, roll=roll)

    @property
    def place(self) -> str:
        """The address without its secrets, for messages."""
        return self._place

    async def run(self, work: Work[_ResultT]) -> _ResultT:
        """Run `work`, each of whose statements stands for itself.

        Raises:
            StoreError: the database refused, or was out of reach for `timeout_s`.
        """
        return await self._until_done(work, is_passing)

    async def transact(self, work: Work[_ResultT]) -> _ResultT:
        """Run `work` in one transaction: all of it is stored when this returns, or nothing.

        Raises:
            StoreError: as in `run`; what `work` raises of that kind also undoes what it did.
        """
        return await self._until_done(_in_transaction(work), is_passing)

    async def begin_with(self, work: Work[_ResultT]) -> _ResultT:
        """Run the first `work` as `transact` does; a server that is out of reach is not waited for.

        Raises:
            StoreError: as in `transact`.
        """
        return await self._until_done(
            _in_transaction(work), lambda error: is_passing(error) and not is_out_of_reach(error)
        )

    async def aclose(self) -> None:
        """Let running work end, then close the connections."""
        if self._closed:
            return
        self._closed = True
        # A server that is gone or silent has nothing to say; the driver drops such connections itself.
        with suppress(TimeoutError, *self._errors):
            async with asyncio.timeout(self._timeout_s):
                await self._pool.close()

    async def _until_done(self, work: Work[_ResultT], may_pass: Callable[[Exception], bool]) -> _ResultT:
        attempts, last = 0, None
        try:
            async with asyncio.timeout(self._timeout_s):
                while True:
                    try:
                        return await self._once(work)
                    except self._errors as error:
                        if not may_pass(error):
                            raise store_error(self._place, error) from error
                        last = error
                    attempts += 1
                    await asyncio.sleep(pause_s(attempts, roll=self._roll()))
        except TimeoutError as error:
            raise late_error(self._place, self._timeout_s, attempts, last) from last or error

    async def _once(self, work: Work[_ResultT]) -> _ResultT:
        if self._closed:
            raise StoreError(f"the history in `{self._place}` is closed", hint="open the store again")
        try:
            connection = await self._pool.acquire()
        except ValueError as error:
            if isinstance(error, OSError):  # as a certificate that is not trusted
                raise
            raise address_error(self._place, error) from None  # its text may hold half a password
        try:
            return await work(connection)
        except StoreError:
            raise
        except BaseException:
            # In the middle of something, perhaps with a server that is silent: not to be waited for.
            connection.terminate()
            raise
        finally:
            await self._pool.release(connection)


def _in_transaction(work: Work[_ResultT]) -> Work[_ResultT]:
    async def whole(connection: Connection) -> _ResultT:
        await connection.execute("BEGIN ISOLATION LEVEL READ COMMITTED")
        try:
            result = await work(connection)
        except StoreError:
            await connection.execute("ROLLBACK")
            raise
        await connection.execute("COMMIT")
        return result

    return whole


def _milliseconds(seconds: float) -> str:
    return str(round(seconds * 1000))


async def _keep_as_it_is(connection: object) -> None:
    """Spare a question to the server after each use: no work changes the settings of its session."""
