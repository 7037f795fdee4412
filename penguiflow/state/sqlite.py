"""What a program keeps in one SQLite file: the embedded default, safe for several processes on a machine."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Self

from penguiflow._artifacts.models import ArtifactScope
from penguiflow.state._sqlite_artifacts import SqliteArtifactStore
from penguiflow.state._sqlite_flows import SqliteFlows
from penguiflow.state._sqlite_history import SqliteHistory
from penguiflow.state._sqlite_planner_events import SqlitePlannerEvents
from penguiflow.state._sqlite_states import SqliteStates
from penguiflow.state._sqlite_thread import SqliteThread
from penguiflow.state._sqlite_trajectories import SqliteTrajectories

__all__ = ["SqliteArtifactStore", "SqliteStateStore"]


class SqliteStateStore(SqliteHistory, SqliteStates, SqliteFlows, SqliteTrajectories, SqlitePlannerEvents):
    """Every port of `penguiflow.state.protocol`. Open it with `open`, close it with `aclose`.

    All is stored as JSON: a payload value without JSON form comes back as its `str`, a trajectory and a
    planner event as dictionaries.
    """

    def __init__(
        self, path: Path, thread: SqliteThread, *, artifact_scope: ArtifactScope | None = None
    ) -> None:
        super().__init__(thread)
        self._path = path
        self._artifact_store = SqliteArtifactStore(thread, artifact_scope)

    @classmethod
    async def open(
        cls, path: str | Path, *, busy_timeout_s: float = 10.0, artifact_scope: ArtifactScope | None = None
    ) -> Self:
        """Open a history file, creating it and its folder if need be.

        A file of an earlier version is brought up to date. A folder called `.penguiflow` also gets a
        `.gitignore` that keeps it out of version control. While another process writes, an operation waits
        up to `busy_timeout_s`. With `artifact_scope` the `artifact_store` belongs to that scope.

        Raises:
            StoreError: the file is unreadable, damaged, of a newer version or of another program.
        """
        path = Path(path)
        thread = await SqliteThread.open(path, busy_timeout_s=busy_timeout_s)
        return cls(path, thread, artifact_scope=artifact_scope)

    @property
    def path(self) -> Path:
        return self._path

    @property
    def artifact_store(self) -> SqliteArtifactStore:
        """Keeps artifacts until their session is deleted."""
        return self._artifact_store

    async def compact(self) -> None:
        """Give the room of what was deleted back to the disk; meanwhile as much again is taken.

        Raises:
            StoreError: another process writes all the time, or the disk is full; nothing is lost.
        """

        def rewrite(db: sqlite3.Connection) -> None:
            db.execute("VACUUM")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        await self._thread.read(rewrite)  # a transaction around it is not allowed

    async def aclose(self) -> None:
        await self._thread.aclose()
