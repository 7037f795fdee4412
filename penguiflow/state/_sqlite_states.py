"""Records of paused runs and states of memories in a SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from penguiflow.state._sqlite_part import SqlitePart
from penguiflow.state._sqlite_rows import Row
from penguiflow.state.flow_events import memory_state_json, planner_record_json
from penguiflow.state.stored_text import stored_object

_PUT_RECORD = "INSERT OR REPLACE INTO planner_states VALUES (?, ?)"
_DELETE_RECORD = "DELETE FROM planner_states WHERE token = ?"


class SqliteStates(SqlitePart):
    """`SupportsPlannerState`, `SupportsPlannerPeek`, `SupportsPlannerClaims` and `SupportsMemoryState`."""

    async def save_planner_state(self, token: str, payload: dict[str, Any]) -> None:
        record = planner_record_json(token, payload)
        await self._thread.write(lambda db: db.execute(_PUT_RECORD, (token, record)), durable=True)

    async def load_planner_state(self, token: str) -> dict[str, Any] | None:
        def take(db: sqlite3.Connection) -> dict[str, Any] | None:
            record = _record_under(db, token)  # a damaged one stays: it breaks the transaction off
            if record is not None:
                db.execute(_DELETE_RECORD, (token,))
            return record

        return await self._thread.write(take, durable=True)

    async def peek_planner_state(self, token: str) -> dict[str, Any] | None:
        return await self._thread.read(lambda db: _record_under(db, token))

    async def claim_planner_state(
        self, tokens: Sequence[str], claim_key: str, fields: dict[str, Any]
    ) -> dict[str, Any] | None:
        def move(db: sqlite3.Connection) -> dict[str, Any] | None:
            records = [record for token in tokens if (record := _record_under(db, token)) is not None]
            if len(records) < len(tokens):
                return None
            claim = {**records[-1], **fields}
            text = planner_record_json(claim_key, claim)
            db.executemany(_DELETE_RECORD, [(token,) for token in tokens])
            db.execute(_PUT_RECORD, (claim_key, text))
            return claim

        return await self._thread.write(move, durable=True)

    async def save_memory_state(self, key: str, state: dict[str, Any]) -> None:
        text = memory_state_json(key, state)
        await self._thread.write(
            lambda db: db.execute("INSERT OR REPLACE INTO memory_states VALUES (?, ?)", (key, text)),
            durable=False,
        )

    async def delete_memory_state(self, key: str) -> None:
        """Forget the state of a memory."""
        await self._thread.write(
            lambda db: db.execute("DELETE FROM memory_states WHERE key = ?", (key,)), durable=False
        )

    async def load_memory_state(self, key: str) -> dict[str, Any] | None:
        def look(db: sqlite3.Connection) -> list[Row]:
            return db.execute("SELECT state FROM memory_states WHERE key = ?", (key,)).fetchall()

        rows = await self._thread.read(look)
        return stored_object(rows[0][0], name=f"the memory state `{key}`") if rows else None


def _record_under(db: sqlite3.Connection, token: str) -> dict[str, Any] | None:
    rows = db.execute("SELECT record FROM planner_states WHERE token = ?", (token,)).fetchall()
    return stored_object(rows[0][0], name=f"the pause `{token}`") if rows else None
