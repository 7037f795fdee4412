"""The history in PostgreSQL: for several machines that work on one database."""

from __future__ import annotations

import re
from typing import Self

from penguiflow._artifacts.models import ArtifactScope
from penguiflow.state._postgres_artifacts import PostgresArtifactStore
from penguiflow.state._postgres_driver import Connection
from penguiflow.state._postgres_flows import PostgresFlows
from penguiflow.state._postgres_history import PostgresHistory
from penguiflow.state._postgres_pauses import PostgresPauses
from penguiflow.state._postgres_pool import PostgresPool
from penguiflow.state._postgres_schema import prepare
from penguiflow.state._postgres_trajectories import PostgresTrajectories
from penguiflow.state.errors import StoreError

__all__ = ["PostgresArtifactStore", "PostgresStateStore"]

_SCHEMA_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


class PostgresStateStore(PostgresHistory, PostgresFlows, PostgresPauses, PostgresTrajectories):
    """Every port of `penguiflow.state.protocol`. Open it with `open`, close it with `aclose`.

    Use it in the event loop that opened it. What is not all JSON, as payloads of flow events and trajectories
    need not be, is stored as JSON, with the `str` of a value that has no JSON form; trajectories and planner
    events come back as dictionaries.

    When a connection breaks, the work is done again until the database answers or the time is over; nothing
    is stored twice, and of several who take one pause exactly one gets it. A process that freezes holds up
    others for 5 seconds at most.
    """

    def __init__(self, pool: PostgresPool, *, artifact_scope: ArtifactScope | None = None) -> None:
        super().__init__(pool)
        self._artifact_store = PostgresArtifactStore(pool, artifact_scope)

    @classmethod
    async def open(
        cls,
        dsn: str,
        *,
        schema: str = "penguiflow",
        max_connections: int = 10,
        timeout_s: float = 30.0,
        artifact_scope: ArtifactScope | None = None,
    ) -> Self:
        """Connect to `postgresql://user:password@host:port/database` and create what is missing there.

        The tables lie in `schema`; two schemas are two histories. `timeout_s` bounds each operation, waiting
        for a connection and trying again included. Settings such as `sslmode` may follow in the address after
        a `?`. A pooler in between must keep sessions (PgBouncer: `pool_mode=session`). With `artifact_scope`
        the `artifact_store` belongs to that scope.

        Raises:
            StoreError: asyncpg is missing, the database is out of reach or refuses, or what is in the schema
                is of a newer version or of another program.
        """
        if not _SCHEMA_NAME.fullmatch(schema):
            raise StoreError(
                f"`{schema}` is no name for a schema",
                hint="use letters, digits and `_`, at most 63, with no digit in front",
            )
        pool = await PostgresPool.open(
            dsn, schema=schema, max_connections=max_connections, timeout_s=timeout_s
        )

        async def create_or_check(connection: Connection) -> None:
            await prepare(connection, schema=schema, place=pool.place)

        try:
            await pool.begin_with(create_or_check)
        except BaseException:
            await pool.aclose()
            raise
        return cls(pool, artifact_scope=artifact_scope)

    @property
    def artifact_store(self) -> PostgresArtifactStore:
        """Keeps artifacts until their session is deleted."""
        return self._artifact_store

    async def aclose(self) -> None:
        await self._pool.aclose()
