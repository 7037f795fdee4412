"""Keeps paused runs under one-time tokens, in the caller's store or, without one, in this planner."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from penguiflow._ids import IdSource
from penguiflow.planner._json import JsonObject

_MAX_LIVE_CONTEXTS = 256

_Save = Callable[[str, JsonObject], Awaitable[None] | None]
_Load = Callable[[str], Awaitable[JsonObject | None] | JsonObject | None]


class PauseNotSavedError(RuntimeError):
    """The store could not keep a pause, so no token exists; the cause is the store's own error."""


class UnknownTokenError(KeyError):
    """No run waits under a token: it never did, or somebody resumed it already."""

    def __str__(self) -> str:
        return str(self.args[0])


class PauseDesk:
    """Hands out a token per pause and gives the record back exactly once.

    `store` may be any object; only one with `save_planner_state` and `load_planner_state` is used. With
    `peek_planner_state` too, looking never takes the record out, so a kill at that moment loses nothing.
    """

    def __init__(self, store: object | None, new_token: IdSource) -> None:
        save, load = getattr(store, "save_planner_state", None), getattr(store, "load_planner_state", None)
        usable = callable(save) and callable(load)
        # Stores are duck-typed: these are the two methods the constructor's documentation asks for.
        self._save = cast(_Save, save) if usable else self._save_here
        self._load = cast(_Load, load) if usable else self._load_here
        peek = getattr(store, "peek_planner_state", None) if usable else self._peek_here
        self._peek = cast(_Load, peek) if callable(peek) else self._load_and_save_again
        self._new_token = new_token
        self._here: dict[str, str] = {}
        self._live_contexts: OrderedDict[str, Mapping[str, Any]] = OrderedDict()
        self._one_at_a_time = asyncio.Lock()

    async def put(self, record: JsonObject, tool_context: Mapping[str, Any]) -> str:
        """Keep a record under a new token.

        Raises:
            PauseNotSavedError: it could not be kept; the run cannot pause.
        """
        token = self._new_token()
        try:
            await _awaited(self._save(token, record))
        except Exception as exc:
            raise PauseNotSavedError(f"the pause could not be stored: {type(exc).__name__}: {exc}") from exc
        # Objects that no store can keep are still there when this very planner resumes.
        self._live_contexts[token] = tool_context
        if len(self._live_contexts) > _MAX_LIVE_CONTEXTS:
            self._live_contexts.popitem(last=False)
        return token

    async def take(self, token: str) -> JsonObject:
        """Remove the record and return it.

        Raises:
            UnknownTokenError: nothing waits under this token.
        """
        async with self._one_at_a_time:
            return _found(token, await _awaited(self._load(token)))

    async def look(self, token: str) -> JsonObject:
        """Return the record and leave it waiting.

        Raises:
            UnknownTokenError: as `take`.
        """
        async with self._one_at_a_time:
            return _found(token, await _awaited(self._peek(token)))

    def live_context(self, token: str) -> Mapping[str, Any]:
        """Return the tool context as it was when this planner paused; empty in another process."""
        return self._live_contexts.get(token, {})

    def forget_context(self, token: str) -> None:
        """Let go of the objects of a run that went on."""
        self._live_contexts.pop(token, None)

    def _save_here(self, token: str, record: JsonObject) -> None:
        self._here[token] = json.dumps(record)

    def _load_here(self, token: str) -> JsonObject | None:
        record = self._here.pop(token, None)
        return None if record is None else json.loads(record)

    def _peek_here(self, token: str) -> JsonObject | None:
        record = self._here.get(token)
        return None if record is None else json.loads(record)

    async def _load_and_save_again(self, token: str) -> JsonObject | None:
        record: JsonObject | None = await _awaited(self._load(token))
        if record:
            await _awaited(self._save(token, record))
        return record


def _found(token: str, record: JsonObject | None) -> JsonObject:
    if not record:
        raise UnknownTokenError(f"no run waits under token `{token[:64]}`: unknown, or resumed already")
    return record


async def _awaited(result: Any) -> Any:  # a store's method may be sync or async
    return await result if inspect.isawaitable(result) else result
