"""Keeps secrets out of the stored form of runs that wait.

What a store gets has a placeholder in the place of each secret. The process in which the run began to wait
still knows the whole record and goes on with it; in any other one a call that lacks a secret is refused, so
whoever decides about it has to give the value again.
"""

from __future__ import annotations

import inspect
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from penguiflow._ids import IdSource
from penguiflow.catalog import NodeSpec
from penguiflow.planner._json import Json, JsonObject, is_object
from penguiflow.planner._rules.secret_args import hidden_calls
from penguiflow.redaction import NOT_STORED, without_known_secrets

_SEAL = "sealed"
_MOST_RECORDS = 256

Store: TypeAlias = Any
"""Stores are duck-typed; `PauseDesk` documents their methods."""


class SealedStore:
    """A store of paused runs that never sees a secret; it has the methods of the store behind it."""

    def __init__(self, store: Store, tools: Callable[[], Mapping[str, NodeSpec]], new_id: IdSource) -> None:
        self._store = store
        self._tools = tools
        self._new_id = new_id
        self._records: OrderedDict[str, str] = OrderedDict()
        if callable(getattr(store, "peek_planner_state", None)):
            self.peek_planner_state = self._peek
        if callable(getattr(store, "claim_planner_state", None)):
            self.claim_planner_state = self._claim

    async def save_planner_state(self, token: str, record: JsonObject) -> None:
        """Store the record without its secrets, and remember it whole if it has any."""
        await _awaited(self._store.save_planner_state(token, self._sealed(record)))

    async def load_planner_state(self, token: str) -> JsonObject | None:
        """Return the record, whole if this process knows it, and remove it as the store does."""
        return self._whole(await _awaited(self._store.load_planner_state(token)))

    async def _peek(self, token: str) -> JsonObject | None:
        return self._whole(await _awaited(self._store.peek_planner_state(token)))

    async def _claim(self, keys: Sequence[str], claim_key: str, fields: JsonObject) -> JsonObject | None:
        stored = await _awaited(
            self._store.claim_planner_state(keys, claim_key, without_known_secrets(fields, NOT_STORED))
        )
        return self._whole(stored)

    def _sealed(self, record: JsonObject) -> JsonObject:
        sealed = sealed_record(record, self._tools())
        whole = json.dumps(record, default=str)
        if json.dumps(sealed, default=str) == whole:
            return record
        seal = self._new_id()
        self._records[seal] = whole
        while len(self._records) > _MOST_RECORDS:
            self._records.popitem(last=False)
        return {**sealed, _SEAL: seal}

    def _whole(self, stored: JsonObject | None) -> JsonObject | None:
        known = self._records.get(str(stored.get(_SEAL))) if stored else None
        if stored is None or known is None:
            return stored
        whole: JsonObject = json.loads(known)
        # What a claim added is not in the record as it was sealed.
        return {key: value for key, value in stored.items() if key != _SEAL} | whole


def sealed_record(record: JsonObject, tools: Mapping[str, NodeSpec]) -> JsonObject:
    """Return a record of the desk without secrets.

    A value of the tool context that holds one is left out: a tool must miss it rather than use a placeholder.
    """
    hidden: JsonObject = hidden_calls(record, tools, NOT_STORED)
    sealed = without_known_secrets(hidden, NOT_STORED)
    context: Json = record.get("tool_context")
    if not is_object(context):
        return sealed
    kept = {key: value for key, value in context.items() if sealed["tool_context"].get(key) == value}
    left_out: list[str] = record.get("tool_context_left_out", [])
    return {
        **sealed,
        "tool_context": kept,
        "trajectory": {**sealed["trajectory"], "tool_context": kept},
        "tool_context_left_out": sorted({*left_out, *(context.keys() - kept.keys())}),
    }


async def _awaited(result: Any) -> Any:  # a store's method may be sync or async
    return await result if inspect.isawaitable(result) else result
