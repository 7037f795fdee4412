"""What the ports of a SQLite store have in common: the thread that reads and writes the file."""

from __future__ import annotations

from penguiflow.state._sqlite_thread import SqliteThread


class SqlitePart:
    """One port of a store."""

    def __init__(self, thread: SqliteThread) -> None:
        self._thread = thread
