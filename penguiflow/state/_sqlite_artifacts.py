"""Artifacts in a SQLite file."""

from __future__ import annotations

import sqlite3
from typing import Any

from penguiflow._artifacts.models import ArtifactRef, ArtifactScope
from penguiflow.state._sqlite_thread import SqliteThread
from penguiflow.state._stored_artifacts import StoredArtifacts, artifact_ref, ref_text

_MAX_ARTIFACT_BYTES = 512 * 1024 * 1024
"""SQLite itself takes no row of a gigabyte."""


class SqliteArtifactStore(StoredArtifacts):
    """An `ArtifactStore`: `get`, `get_ref`, `exists` and `delete` look into every session."""

    def __init__(
        self,
        thread: SqliteThread,
        scope_filter: ArtifactScope | None = None,
        *,
        max_artifact_bytes: int = _MAX_ARTIFACT_BYTES,
    ) -> None:
        super().__init__(scope_filter, max_artifact_bytes=max_artifact_bytes)
        self._thread = thread

    async def get(self, artifact_id: str) -> bytes | None:
        return await self._data("artifact_id = ?", artifact_id)

    async def get_with_session_check(self, artifact_id: str, session_id: str) -> bytes | None:
        """Return the bytes if this very session put them."""
        return await self._data("artifact_id = ? AND session_id = ?", artifact_id, session_id)

    async def get_ref(self, artifact_id: str) -> ArtifactRef | None:
        text = await self._first("ref", "artifact_id = ?", artifact_id)
        return None if text is None else artifact_ref(text, artifact_id=artifact_id)

    async def delete(self, artifact_id: str) -> bool:
        return await self._thread.write(
            lambda db: db.execute("DELETE FROM artifacts WHERE artifact_id = ?", (artifact_id,)).rowcount > 0,
            durable=False,
        )

    async def exists(self, artifact_id: str) -> bool:
        return await self._first("1", "artifact_id = ?", artifact_id) is not None

    async def _keep(self, session_id: str, ref: ArtifactRef, data: bytes) -> ArtifactRef | None:
        return await self._thread.write(lambda db: _keep(db, session_id, ref, data), durable=False)

    async def _data(self, condition: str, *values: str) -> bytes | None:
        data: bytes | None = await self._first("data", condition, *values)
        return data

    async def _first(self, column: str, condition: str, *values: str) -> Any:  # of the column's type
        query = f"SELECT {column} FROM artifacts WHERE {condition} ORDER BY rowid LIMIT 1"
        row = await self._thread.read(lambda db: db.execute(query, values).fetchone())
        return None if row is None else row[0]


def _keep(db: sqlite3.Connection, session_id: str, ref: ArtifactRef, data: bytes) -> ArtifactRef | None:
    db.execute(
        "INSERT INTO artifacts VALUES (?, ?, ?, ?) ON CONFLICT (session_id, artifact_id) DO NOTHING",
        (session_id, ref.id, ref_text(ref), data),
    )
    known, same = db.execute(
        "SELECT ref, data = ? FROM artifacts WHERE session_id = ? AND artifact_id = ?",
        (data, session_id, ref.id),
    ).fetchone()
    return artifact_ref(known, artifact_id=ref.id) if same else None
