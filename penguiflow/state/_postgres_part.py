"""What the ports of a PostgreSQL store have in common: the pool, and single statements on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from penguiflow._ids import IdSource, new_id
from penguiflow.state._postgres_driver import Connection, Row
from penguiflow.state._postgres_pool import PostgresPool


class PostgresPart:
    """One port of a store. `new_id` names what must be recognised when it is sent a second time."""

    def __init__(self, pool: PostgresPool, *, new_id: IdSource = new_id) -> None:
        self._pool = pool
        self._new_id = new_id

    async def _execute(self, query: str, *values: object) -> str:
        async def work(connection: Connection) -> str:
            return await connection.execute(query, *values)

        return await self._pool.run(work)

    async def _rows(self, query: str, *values: object) -> Sequence[Row]:
        async def work(connection: Connection) -> Sequence[Row]:
            return await connection.fetch(query, *values)

        return await self._pool.run(work)

    async def _value(
        self, query: str, *values: object
    ) -> Any | None:  # one column of one row, if there is one
        async def work(connection: Connection) -> Any:
            return await connection.fetchval(query, *values)

        return await self._pool.run(work)
