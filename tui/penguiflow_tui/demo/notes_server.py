"""The notes server of the demo: a real MCP server over stdio that keeps notes in one SQLite file.

Run as `python -m penguiflow_tui.demo.notes_server --database PATH`. It ends when its standard input closes.
"""

from __future__ import annotations

import argparse
import contextlib
import sqlite3
from collections.abc import Generator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations
from pydantic import BaseModel, Field

_BUSY_TIMEOUT_S: Final = 5.0
_SCHEMA: Final = """
    CREATE TABLE IF NOT EXISTS notes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        text TEXT NOT NULL,
        saved_at TEXT NOT NULL
    )
"""
_NEWEST_FIRST: Final = "SELECT id, text, saved_at FROM notes ORDER BY id DESC"
_READS: Final = ToolAnnotations(read_only_hint=True, open_world_hint=False)
_ADDS: Final = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False
)

NoteText = Annotated[str, Field(min_length=1, max_length=4000, description="What to remember.")]
Query = Annotated[
    str, Field(min_length=1, description="Words to look for; upper and lower case are the same.")
]
Limit = Annotated[int, Field(ge=1, le=100, description="How many notes at most, newest first.")]


class Note(BaseModel):
    """A saved note."""

    id: int
    text: str
    saved_at: str


class NoteStore:
    """Notes in a SQLite file. Each operation opens the file anew, so a note is on disk when it returns."""

    def __init__(self, database: Path) -> None:
        self._database = database

    def save(self, text: str, *, saved_at: str) -> Note:
        with self._connection() as connection:
            row = connection.execute(
                "INSERT INTO notes (text, saved_at) VALUES (?, ?) RETURNING id", (text, saved_at)
            ).fetchone()
        return Note(id=row[0], text=text, saved_at=saved_at)

    def newest(self, limit: int) -> list[Note]:
        with self._connection() as connection:
            rows = connection.execute(f"{_NEWEST_FIRST} LIMIT ?", (limit,))
            return [_note(row) for row in rows]

    def containing(self, query: str, limit: int) -> list[Note]:
        words = [word.casefold() for word in query.split()]
        with self._connection() as connection:
            notes = [_note(row) for row in connection.execute(_NEWEST_FIRST)]
        return [note for note in notes if all(word in note.text.casefold() for word in words)][:limit]

    @contextlib.contextmanager
    def _connection(self) -> Generator[sqlite3.Connection, None, None]:
        """Open the file and commit at the end; it is made when missing."""
        self._database.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._database, timeout=_BUSY_TIMEOUT_S)
        with contextlib.closing(connection), connection:
            connection.execute(_SCHEMA)
            yield connection


def _note(row: tuple[int, str, str]) -> Note:
    return Note(id=row[0], text=row[1], saved_at=row[2])


def build_server(store: NoteStore) -> MCPServer[None]:
    """Return the server with its three tools.

    It is made with the server of the MCP SDK: that starts in half the time of FastMCP's.
    """
    server: MCPServer[None] = MCPServer("penguiflow-notes", version="1.0", log_level="ERROR")

    @server.tool(annotations=_ADDS)
    def save_note(text: NoteText) -> Note:
        """Save a note. It stays until somebody deletes the file."""
        return store.save(text, saved_at=datetime.now(UTC).isoformat(timespec="seconds"))

    @server.tool(annotations=_READS)
    def list_notes(limit: Limit = 20) -> list[Note]:
        """List saved notes, the newest first."""
        return store.newest(limit)

    @server.tool(annotations=_READS)
    def search_notes(query: Query, limit: Limit = 20) -> list[Note]:
        """Find saved notes that contain all the words."""
        return store.containing(query, limit)

    return server


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m penguiflow_tui.demo.notes_server", description=__doc__)
    parser.add_argument("--database", type=Path, required=True, help="the SQLite file; made when missing")
    arguments = parser.parse_args()
    build_server(NoteStore(arguments.database)).run("stdio")


if __name__ == "__main__":
    main()
