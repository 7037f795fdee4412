"""Opening a history file: creating it, bringing an older one up to date, refusing what is not one."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from penguiflow.state._sqlite_tables import SCHEMA_VERSION, create_tables, migrate
from penguiflow.state.errors import StoreError, StoreSchemaError

APPLICATION_ID = 0x50464C57
"""Marks the file as ours (`PFLW`), so that no other program's database is ever written to."""

_WAL_ATTEMPTS = 100

PROJECT_FOLDER = ".penguiflow"


def prepare_file(path: Path) -> None:
    """Create the folder and the empty file, readable by their owner only: histories are private.

    Raises:
        OSError: the folder or the file cannot be created.
    """
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True)
    if folder.name == PROJECT_FOLDER:
        _keep_out_of_git(folder)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def connect(path: Path, *, busy_timeout_s: float) -> sqlite3.Connection:
    """Open the file, set how it is used, and create its tables when it is new.

    Raises:
        StoreSchemaError: a newer version wrote the file, or another program.
        sqlite3.Error: the file cannot be read or written.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA busy_timeout = {int(busy_timeout_s * 1000)}")
        connection.execute("PRAGMA secure_delete = ON")  # not every SQLite overwrites what is deleted
        _create_or_check(connection, path)
        _use_write_ahead_log(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    for _ in range(_WAL_ATTEMPTS):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if _primary_code(error) != sqlite3.SQLITE_BUSY:
                raise
            # SQLite does not wait for other processes here, but it does for a transaction.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        else:
            return
    connection.execute("PRAGMA journal_mode = WAL")


def _create_or_check(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN IMMEDIATE")  # of two processes that find a new file, one creates the tables
    try:
        version = _pragma(connection, "user_version")
        if version == 0 and _is_empty(connection):
            _create(connection)
        elif _pragma(connection, "application_id") != APPLICATION_ID:
            raise StoreSchemaError(
                f"`{path}` is a database of another program", hint="choose another file for the history"
            )
        elif version > SCHEMA_VERSION:
            raise StoreSchemaError(
                f"`{path}` has history version {version}; this program reads versions 1 to {SCHEMA_VERSION}",
                hint="update penguiflow, or move the file away to begin a new history",
            )
        elif version < SCHEMA_VERSION:
            migrate(connection, version)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _create(connection: sqlite3.Connection) -> None:
    create_tables(connection)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _is_empty(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _keep_out_of_git(folder: Path) -> None:
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")


def store_error(path: Path, error: sqlite3.Error | OSError) -> StoreError:
    """Name the file and what to do about the failure."""
    return StoreError(f"the history `{path}` failed: {error}", hint=_hint(path, error))


def _primary_code(error: sqlite3.Error | OSError) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None  # the higher bytes only refine the lowest


def _hint(path: Path, error: sqlite3.Error | OSError) -> str:
    primary = _primary_code(error)
    if primary in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return f"the file is damaged: move `{path.name}` away to begin a new history"
    if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM) or isinstance(error, PermissionError):
        return "make the file and its folder writable, or choose another file"
    if primary in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return "another program keeps the file locked: close it and try again"
    if primary == sqlite3.SQLITE_FULL:
        return "the disk is full: make room and try again"
    return "check that the folder exists, is writable and has room"
