"""The stored sessions of a project, as the workbench lists and changes them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path

from penguiflow.sessions.projections.jsonl import line_of
from penguiflow.sessions.results import SessionError
from penguiflow.sessions.shelf import marking
from penguiflow.sessions.shelf.exporting import export_session
from penguiflow.sessions.shelf.forking import fork_session
from penguiflow.state.protocol import SessionSummary
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow_cli._errors import CommandError
from penguiflow_cli._new_file import new_file
from penguiflow_cli._recordings import StoredSession
from penguiflow_tui.ports import StoredSession as SessionLine

MAX_SESSIONS = 1_000
"""A longer list cannot be read; older sessions are found by `penguiflow sessions`."""

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


class SessionShelf:
    """Satisfies `penguiflow_tui.ports.SessionShelf`; files are written into `exports_dir`."""

    def __init__(self, store: SqliteStateStore, exports_dir: Path) -> None:
        self._store = store
        self._exports_dir = exports_dir

    async def list_sessions(self, *, archived: bool | None = False) -> Sequence[SessionSummary]:
        """Return the sessions changed last, the last one first."""
        return await self._store.list_sessions(limit=MAX_SESSIONS, archived=archived)

    def recording(self, session: SessionLine) -> StoredSession:
        return StoredSession(self._store, session.session_id, title=session.name or session.title)

    async def name_session(self, session_id: str, name: str) -> None:
        await marking.name_session(self._store, session_id, name)

    async def archive_session(self, session_id: str, *, archived: bool) -> None:
        await marking.archive_session(self._store, session_id, archived=archived)

    async def fork_session(self, session_id: str) -> str:
        return (await fork_session(self._store, session_id)).session_id

    async def export_session(self, session_id: str) -> Path:
        """Write the session with what it took over of its parents; a file of an earlier export is replaced.

        The path is relative to the working folder where it lies below it.
        """
        self._exports_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._exports_dir / f"{file_stem(session_id)}.jsonl"
        try:
            async with aclosing(export_session(self._store, session_id, with_parents=True)) as records:
                with new_file(path, force=True) as file:
                    async for record in records:
                        file.write(line_of(record))
        except CommandError as exc:
            raise SessionError(exc.message) from exc
        return _seen_from_here(path)


def _seen_from_here(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def file_stem(session_id: str) -> str:
    """Return the id, or for one that is no name of a file a digest of it."""
    if _FILE_NAME.fullmatch(session_id):
        return session_id
    return hashlib.sha256(session_id.encode("utf-8", "surrogatepass")).hexdigest()[:32]
