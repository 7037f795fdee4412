"""The paused runs of a planner that has no store for them."""

from __future__ import annotations

import json

from penguiflow._clock import WallClock
from penguiflow.planner._json import JsonObject


class LocalPauses:
    """Keeps records in memory until they are loaded or expire."""

    def __init__(self, clock: WallClock) -> None:
        self._clock = clock
        self._records: dict[str, tuple[float | None, str]] = {}

    def save_planner_state(self, token: str, payload: JsonObject) -> None:
        """Keep a copy of the record; expired ones go."""
        now = self._clock()
        expired = [name for name, (end, _) in self._records.items() if end is not None and now >= end]
        for name in expired:
            del self._records[name]
        self._records[token] = (payload.get("expires_at"), json.dumps(payload))

    def load_planner_state(self, token: str) -> JsonObject | None:
        """Remove the record and return it."""
        _, record = self._records.pop(token, (None, None))
        return None if record is None else json.loads(record)

    def peek_planner_state(self, token: str) -> JsonObject | None:
        """Return the record and leave it."""
        _, record = self._records.get(token, (None, None))
        return None if record is None else json.loads(record)
