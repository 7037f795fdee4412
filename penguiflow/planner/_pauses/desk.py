"""Keeps paused runs under one-time tokens, in the caller's store or, without one, in this planner.

Each of these is a JSON object under a key of its own:

- a token: the record of the run or, when several questions are open, `{"group": key}`;
- a group: the record of the run that waits for several answers;
- a claim, under a key made of the token: the record together with the answer that somebody gave. The run goes
  on somewhere; when that process dies it is still there, for `recover`.

Loading takes a record out, so of several who load a token at once one gets it. In a store that keeps what it
loads, `{"used": true}` stands where a record was taken from. A group is taken together with one of its
tokens, and put back when that answer is worked on. A store with `claim_planner_state` turns a record into a
claim in one step; with any other, a process that is killed between loading and saving loses the run.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, cast

from penguiflow._clock import WallClock
from penguiflow._ids import IdSource
from penguiflow.planner._json import JsonObject, is_object
from penguiflow.planner._pauses.errors import (
    PauseBusyError,
    PauseExpiredError,
    PauseNotSavedError,
    PauseStoreError,
    UnknownTokenError,
)
from penguiflow.planner._pauses.local import LocalPauses
from penguiflow.planner._pauses.record import PAUSE_SCHEMA_VERSION

logger = logging.getLogger("penguiflow.planner")

_MAX_LIVE_CONTEXTS = 256
_USED = "used"
_STORE_METHODS = ("save_planner_state", "load_planner_state")

_Save = Callable[[str, JsonObject], Awaitable[None] | None]
_Load = Callable[[str], Awaitable[JsonObject | None] | JsonObject | None]
_Claim = Callable[[Sequence[str], str, JsonObject], Awaitable[JsonObject | None] | JsonObject | None]


class PauseDesk:
    """Hands out tokens and gives the record behind one back exactly once, before it expires.

    `store` may be any object; only one with `save_planner_state` and `load_planner_state` is used. With
    `peek_planner_state` too, looking never takes the record out, so a kill at that moment loses nothing; with
    `claim_planner_state`, taking it for an answer does not either.
    """

    def __init__(
        self, store: object | None, new_token: IdSource, *, ttl_s: float | None, clock: WallClock
    ) -> None:
        if not keeps_pauses(store):
            store = LocalPauses(clock)
        # Stores are duck-typed: these are the two methods the constructor's documentation asks for.
        save, load = (getattr(store, name) for name in _STORE_METHODS)
        self._save, self._load_raw = cast(_Save, save), cast(_Load, load)
        peek = getattr(store, "peek_planner_state", None)
        self._can_peek = callable(peek)
        self._peek_raw = cast(_Load, peek) if self._can_peek else self._load_and_save_again
        # Looking must leave the record where the claim will find it.
        claim = getattr(store, "claim_planner_state", None) if self._can_peek else None
        self._claim_raw = cast(_Claim, claim) if callable(claim) else None
        self._new_token = new_token
        self._ttl_s = ttl_s
        self._clock = clock
        self._live_contexts: OrderedDict[str, Mapping[str, Any]] = OrderedDict()
        self._one_at_a_time = asyncio.Lock()

    def new_tokens(self, count: int) -> list[str]:
        """Return tokens under which nothing stands yet."""
        return [self._new_token() for _ in range(count)]

    async def put(
        self,
        record: JsonObject,
        tool_context: Mapping[str, Any],
        *,
        new: Sequence[str],
        open_before: Sequence[str] = (),
        group: str | None = None,
    ) -> None:
        """Keep a record under new tokens and under those of questions that are still open from before.

        Raises:
            PauseNotSavedError: it could not be kept; the run cannot pause.
        """
        record = {**record, "expires_at": self._expiry()}
        try:
            # Not while somebody looks: a store without `peek_planner_state` gets back what it held before.
            async with self._one_at_a_time:
                await self._save_under(new, record, group)
        except Exception as exc:
            raise PauseNotSavedError(f"the pause could not be stored: {type(exc).__name__}: {exc}") from exc
        # Objects that no store can keep are still there when this very planner resumes.
        for token in (*new, *open_before):
            self._live_contexts[token] = tool_context
        while len(self._live_contexts) > _MAX_LIVE_CONTEXTS:
            self._live_contexts.popitem(last=False)

    async def look(self, token: str) -> JsonObject:
        """Return the record and leave it waiting.

        Raises:
            UnknownTokenError, PauseExpiredError: nothing waits under this token, or nothing any more.
        """
        async with self._one_at_a_time:
            return await self._waiting(token)

    async def take(self, token: str, answer: JsonObject) -> JsonObject:
        """Claim the run behind the token for this answer and return its record.

        Raises:
            UnknownTokenError, PauseExpiredError: as `look`; of several who try at once one gets it.
            PauseBusyError: another question of the same step is being answered; the token stays valid.
            Exception: the store could not keep the answer; the token stays valid.
        """
        # Broken off halfway, the record would stand nowhere: a cancellation has to wait until it is a claim.
        return await _to_its_end(asyncio.create_task(self._taken(token, answer)))

    async def claimed(self, token: str) -> tuple[JsonObject, JsonObject]:
        """Return the record behind a token that was taken, and the answer it was taken for.

        Raises:
            UnknownTokenError: nothing was taken under this token, or the run is over.
        """
        async with self._one_at_a_time:
            record = await self._peek(_claim_key(token))
            answer = record.get("claimed") if record else None
            if not record or not is_object(answer):
                raise UnknownTokenError(
                    f"no answered run stands under token `{token[:64]}`: it still waits (resume it), "
                    "or it is over"
                )
            return {key: value for key, value in record.items() if key != "claimed"}, answer

    async def keep_claimed(self, token: str, record: JsonObject, answer: JsonObject) -> None:
        """Replace the record of a run that goes on, so that `recover` begins from there.

        When the store fails, `recover` begins from before; the run itself goes on.
        """
        try:
            claim = {**record, "expires_at": self._expiry(), "claimed": answer}
            async with self._one_at_a_time:
                await _awaited(self._save(_claim_key(token), claim))
        except Exception:
            logger.exception("the store could not keep how far a resumed run has come")

    async def release(self, token: str) -> None:
        """Let go of a token whose run ended or waits under others; it is never valid again."""
        self._live_contexts.pop(token, None)
        try:
            async with self._one_at_a_time:
                await self._load(_claim_key(token))
                await self._take_out(_claim_key(token))
        except Exception:
            logger.exception("the store could not forget the answer to a pause; its run went on")

    def live_context(self, token: str) -> Mapping[str, Any]:
        """Return the tool context as it was when this planner paused; empty in another process."""
        return self._live_contexts.get(token, {})

    def _expiry(self) -> float | None:
        return None if self._ttl_s is None else self._clock() + self._ttl_s

    async def _save_under(self, new: Sequence[str], record: JsonObject, group: str | None) -> None:
        if group is None and len(new) == 1:
            await _awaited(self._save(new[0], record))
            return
        # Tokens from before point to their group already; one of them may be taken the moment it is back.
        key = group or self._new_token()
        pointer = {"v": PAUSE_SCHEMA_VERSION, "group": key, "expires_at": record["expires_at"]}
        for token in new:
            await _awaited(self._save(token, pointer))
        await _awaited(self._save(key, record))

    async def _taken(self, token: str, answer: JsonObject) -> JsonObject:
        async with self._one_at_a_time:
            record = await self._waiting(token)
            if self._claim_raw is not None:
                return await self._claimed_at_once(self._claim_raw, token, record.get("group"), answer)
            taken = await self._load(token)
            if not taken or _USED in taken:
                raise _unknown(token)
            group = taken.get("group")
            held = await self._load(group) if isinstance(group, str) else None
            try:
                if isinstance(group, str):
                    if not held or _USED in held:
                        raise _busy()
                    record = {**held, "group": group}
                await _awaited(self._save(_claim_key(token), {**record, "claimed": answer}))
            except Exception:
                if isinstance(group, str) and held and _USED not in held:
                    await _awaited(self._save(group, held))
                await _awaited(self._save(token, taken))
                raise
            for key in (token, group):
                await self._take_out(key)
            return record

    async def _claimed_at_once(
        self, claim: _Claim, token: str, group: object, answer: JsonObject
    ) -> JsonObject:
        tokens = [token]
        fields: JsonObject = {"claimed": answer}
        if isinstance(group, str):
            tokens.append(group)
            fields["group"] = group
        claimed: JsonObject | None = await _awaited(claim(tokens, _claim_key(token), fields))
        if claimed is None:  # somebody was faster since it was looked at
            await self._waiting(token)
            raise _busy()
        return {key: value for key, value in claimed.items() if key != "claimed"}

    async def _waiting(self, token: str) -> JsonObject:
        record = await self._unused(token)
        expires_at = record.get("expires_at")
        if expires_at is not None and self._clock() >= expires_at:
            for key in (token, record.get("group")):
                if isinstance(key, str):
                    await self._load(key)
            raise PauseExpiredError(f"token `{token[:64]}` has expired; ask the agent again")
        group = record.get("group")
        if not isinstance(group, str):
            return record
        held: JsonObject | None = await self._peek(group)
        if not held or _USED in held:
            await self._unused(token)  # whoever took the group may have taken it for this very token
            raise _busy()
        return {**held, "group": group}

    async def _unused(self, token: str) -> JsonObject:
        record: JsonObject | None = await self._peek(token)
        if record and _USED not in record:
            return record
        if self._can_peek and "claimed" in (await self._peek(_claim_key(token)) or {}):
            raise UnknownTokenError(
                f"token `{token[:64]}` was used: its run goes on, or broke off (then recover it)"
            )
        raise _unknown(token)

    async def _take_out(self, key: object) -> None:
        """See to it that what was loaded under a key is found there no more, whatever the store does."""
        if isinstance(key, str) and await self._peek(key):
            await _awaited(self._save(key, {"v": PAUSE_SCHEMA_VERSION, _USED: True}))

    async def _load(self, token: str) -> JsonObject | None:
        return await _read(self._load_raw, token)

    async def _peek(self, token: str) -> JsonObject | None:
        return await _read(self._peek_raw, token)

    async def _load_and_save_again(self, token: str) -> JsonObject | None:
        record: JsonObject | None = await self._load(token)
        if record:
            await _awaited(self._save(token, record))
        return record


def keeps_pauses(store: object | None) -> bool:
    """Tell whether an object can be used as a store of paused runs."""
    return all(callable(getattr(store, name, None)) for name in _STORE_METHODS)


async def _to_its_end(work: asyncio.Task[JsonObject]) -> JsonObject:
    """Await work that must not break off; when this is cancelled, that is raised after the work is done."""
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        while not work.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([work])
        if not work.cancelled():
            work.exception()  # whatever came of it, the caller is gone
        raise


def _claim_key(token: str) -> str:
    return f"{token}.claim"


def _unknown(token: str) -> UnknownTokenError:
    return UnknownTokenError(f"no run waits under token `{token[:64]}`: unknown, or resumed already")


def _busy() -> PauseBusyError:
    return PauseBusyError("another answer to the same step is being worked on; try again")


async def _read(load: _Load, token: str) -> JsonObject | None:
    try:
        record: JsonObject | None = await _awaited(load(token))
    except Exception as exc:
        raise PauseStoreError(
            f"token `{token[:64]}` could not be looked up: {type(exc).__name__}: {exc}"
        ) from exc
    return record


async def _awaited(result: Any) -> Any:  # a store's method may be sync or async
    return await result if inspect.isawaitable(result) else result
