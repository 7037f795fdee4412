"""The records of paused runs and the states of memories in PostgreSQL.

A record must be taken once, and whoever asks again because the connection broke must get what they took. So a
taken record stays for an hour, marked with the id of its taking; and each saving has an id too, by which it
knows, asked again, that it was done before the record was taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from penguiflow.state._postgres_driver import Connection
from penguiflow.state._postgres_part import PostgresPart
from penguiflow.state._postgres_text import to_column
from penguiflow.state.flow_events import memory_state_json, planner_record_json
from penguiflow.state.stored_text import stored_object

_SAVE = """
WITH long_taken AS (
    SELECT token FROM planner_states
    WHERE taken_at < clock_timestamp() - interval '1 hour' AND token <> $1
    FOR UPDATE SKIP LOCKED
), forgotten AS (
    DELETE FROM planner_states WHERE token IN (SELECT token FROM long_taken)
)
INSERT INTO planner_states AS kept (token, record, save_id) VALUES ($1, $2, $3)
ON CONFLICT (token) DO UPDATE
SET record = excluded.record, save_id = excluded.save_id, taking_id = NULL, taken_at = NULL
WHERE kept.save_id <> excluded.save_id
"""

_LOCK = """
SELECT token, record FROM planner_states
WHERE token = ANY ($1::text[]) AND (taking_id IS NULL OR taking_id = $2) ORDER BY token FOR UPDATE
"""

_MARK_TAKEN = """
UPDATE planner_states SET taking_id = $2, taken_at = clock_timestamp() WHERE token = ANY ($1::text[])
"""

_PEEK = "SELECT record FROM planner_states WHERE token = $1 AND taking_id IS NULL"

_PUT_MEMORY = """
INSERT INTO memory_states (key, state) VALUES ($1, $2)
ON CONFLICT (key) DO UPDATE SET state = excluded.state
"""

_DELETE_MEMORY = "DELETE FROM memory_states WHERE key = $1"

_GET_MEMORY = "SELECT state FROM memory_states WHERE key = $1"


class PostgresPauses(PostgresPart):
    """`SupportsPlannerState`, `SupportsPlannerPeek`, `SupportsPlannerClaims` and `SupportsMemoryState`."""

    async def save_planner_state(self, token: str, payload: dict[str, Any]) -> None:
        await self._execute(_SAVE, to_column(token), planner_record_json(token, payload), self._new_id())

    async def load_planner_state(self, token: str) -> dict[str, Any] | None:
        taking_id = self._new_id()

        async def take(connection: Connection) -> dict[str, Any] | None:
            return await _take(connection, [token], taking_id)

        return await self._pool.transact(take)

    async def peek_planner_state(self, token: str) -> dict[str, Any] | None:
        record = await self._value(_PEEK, to_column(token))
        return None if record is None else _planner_state(token, record)

    async def claim_planner_state(
        self, tokens: Sequence[str], claim_key: str, fields: dict[str, Any]
    ) -> dict[str, Any] | None:
        taking_id, save_id = self._new_id(), self._new_id()

        async def move(connection: Connection) -> dict[str, Any] | None:
            record = await _take(connection, tokens, taking_id)
            if record is None:
                return None
            claim = {**record, **fields}
            text = planner_record_json(claim_key, claim)
            await connection.execute(_SAVE, to_column(claim_key), text, save_id)
            return claim

        return await self._pool.transact(move)

    async def save_memory_state(self, key: str, state: dict[str, Any]) -> None:
        await self._execute(_PUT_MEMORY, to_column(key), memory_state_json(key, state))

    async def load_memory_state(self, key: str) -> dict[str, Any] | None:
        text = await self._value(_GET_MEMORY, to_column(key))
        return None if text is None else stored_object(text, name=f"the memory state `{key}`")

    async def delete_memory_state(self, key: str) -> None:
        """Forget the state, if there is one."""
        await self._execute(_DELETE_MEMORY, to_column(key))


async def _take(connection: Connection, tokens: Sequence[str], taking_id: str) -> dict[str, Any] | None:
    """Mark all of the records as taken and return the one under the last token; `None` if one is missing.

    Raises:
        StoreSchemaError: that record is damaged; in the transaction that this breaks off nothing is taken.
    """
    names = [to_column(token) for token in tokens]
    records: dict[str, str] = {
        name: record for name, record in await connection.fetch(_LOCK, names, taking_id)
    }
    if len(records) < len(set(names)):
        return None
    await connection.execute(_MARK_TAKEN, names, taking_id)
    return _planner_state(tokens[-1], records[names[-1]])


def _planner_state(token: str, record: str) -> dict[str, Any]:
    return stored_object(record, name=f"the pause `{token}`")
