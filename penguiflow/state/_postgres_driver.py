"""The one place that knows the package `asyncpg`: what is used of it, since it ships no types."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol, TypeAlias, cast

from penguiflow.state.errors import StoreError

Row: TypeAlias = Sequence[Any]
"""Columns in the order of the query that read them."""

_INSTALL_HINT = "pip install 'penguiflow[postgres]'"


class Connection(Protocol):
    """One session with the server. `$1` in a query is the first of `values`."""

    async def execute(self, query: str, *values: object) -> str: ...

    async def fetch(self, query: str, *values: object) -> Sequence[Row]: ...

    async def fetchval(self, query: str, *values: object) -> Any: ...  # the first column of the first row

    def terminate(self) -> None: ...


class Pool(Protocol):
    """Connections that are opened when they are needed and used again."""

    async def acquire(self) -> Connection: ...

    async def release(self, connection: Connection) -> None: ...

    async def close(self) -> None: ...


class Driver(Protocol):
    """The module `asyncpg`."""

    PostgresError: type[Exception]
    InterfaceError: type[Exception]
    InternalClientError: type[Exception]

    def create_pool(
        self,
        dsn: str,
        *,
        min_size: int,
        max_size: int,
        max_inactive_connection_lifetime: float,
        timeout: float,
        command_timeout: float,
        server_settings: Mapping[str, str],
        reset: object,
    ) -> Awaitable[Pool]: ...


def load_driver() -> Driver:
    """Import asyncpg.

    Raises:
        StoreError: the package is not installed.
    """
    try:
        return cast("Driver", import_module("asyncpg"))
    except ImportError as exc:
        raise StoreError(
            f"a history in PostgreSQL needs a package that is missing ({exc}): {_INSTALL_HINT}",
            hint=_INSTALL_HINT,
        ) from exc
