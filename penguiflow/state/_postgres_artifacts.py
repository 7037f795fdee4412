"""Artifacts in PostgreSQL: kept in the database of the history, for every process that works on it."""

from __future__ import annotations

from typing import Any

from penguiflow._artifacts.models import ArtifactRef, ArtifactScope
from penguiflow.state._postgres_driver import Connection
from penguiflow.state._postgres_part import PostgresPart
from penguiflow.state._postgres_pool import PostgresPool
from penguiflow.state._postgres_text import to_column
from penguiflow.state._stored_artifacts import StoredArtifacts, artifact_ref, ref_text

_MAX_ARTIFACT_BYTES = 256 * 1024 * 1024
"""PostgreSQL takes no value of a gigabyte, and holds each several times in memory while it stores it."""

# An update that changes nothing returns what is there, whoever put it.
_KEEP = """
INSERT INTO artifacts AS kept (session_id, artifact_id, ref, content) VALUES ($1, $2, $3, $4)
ON CONFLICT (session_id, artifact_id) DO UPDATE SET artifact_id = kept.artifact_id
RETURNING ref, content = $4
"""
_DELETE = "DELETE FROM artifacts WHERE artifact_id = $1"


class PostgresArtifactStore(StoredArtifacts, PostgresPart):
    """An `ArtifactStore`: `get`, `get_ref`, `exists` and `delete` look into every session."""

    def __init__(
        self,
        pool: PostgresPool,
        scope_filter: ArtifactScope | None = None,
        *,
        max_artifact_bytes: int = _MAX_ARTIFACT_BYTES,
    ) -> None:
        StoredArtifacts.__init__(self, scope_filter, max_artifact_bytes=max_artifact_bytes)
        PostgresPart.__init__(self, pool)

    async def get(self, artifact_id: str) -> bytes | None:
        data: bytes | None = await self._first("content", "artifact_id = $1", artifact_id)
        return data

    async def get_with_session_check(self, artifact_id: str, session_id: str) -> bytes | None:
        """Return the bytes if this very session put them."""
        data: bytes | None = await self._first(
            "content", "artifact_id = $1 AND session_id = $2", artifact_id, session_id
        )
        return data

    async def get_ref(self, artifact_id: str) -> ArtifactRef | None:
        text = await self._first("ref", "artifact_id = $1", artifact_id)
        return None if text is None else artifact_ref(text, artifact_id=artifact_id)

    async def delete(self, artifact_id: str) -> bool:
        was_there = False

        async def drop(connection: Connection) -> None:
            nonlocal was_there  # also when the connection breaks, and the second time finds nothing
            was_there |= await connection.execute(_DELETE, to_column(artifact_id)) != "DELETE 0"

        await self._pool.transact(drop)
        return was_there

    async def exists(self, artifact_id: str) -> bool:
        return await self._first("true", "artifact_id = $1", artifact_id) is not None

    async def _keep(self, session_id: str, ref: ArtifactRef, data: bytes) -> ArtifactRef | None:
        names = (to_column(session_id), to_column(ref.id))
        ((known, is_same),) = await self._rows(_KEEP, *names, ref_text(ref), data)
        return artifact_ref(known, artifact_id=ref.id) if is_same else None

    async def _first(self, column: str, condition: str, *names: str) -> Any:  # of the column's type
        query = f"SELECT {column} FROM artifacts WHERE {condition} ORDER BY position LIMIT 1"
        return await self._value(query, *(to_column(name) for name in names))
