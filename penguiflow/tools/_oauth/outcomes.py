"""How sign-ins ended, for whoever waits for one or listens to all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from penguiflow.tools._oauth.errors import SignInError

_logger = logging.getLogger("penguiflow.tools")
_MAX_KEPT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInOutcome:
    """The end of one sign-in. `error` says what went wrong, fit to be shown; None when a token was stored.

    `state` is the one of the request, by which whoever paused for it finds what to go on with.
    """

    user_id: str
    provider: str
    trace_id: str
    state: str
    error: str | None = None


OutcomeListener: TypeAlias = Callable[[SignInOutcome], None]
_Waiter: TypeAlias = "asyncio.Future[SignInOutcome]"


class Outcomes:
    """The last ends of sign-ins, and those who want to know of the next."""

    def __init__(self) -> None:
        self._ended: dict[str, SignInOutcome] = {}
        self._waiters: dict[str, set[_Waiter]] = {}
        self._listeners: dict[int, OutcomeListener] = {}
        self._next_key = 0

    def tell(self, outcome: SignInOutcome) -> None:
        """Wake who waits for this sign-in; a listener that raises is logged and keeps its place."""
        self._ended[outcome.state] = outcome
        if len(self._ended) > _MAX_KEPT:
            del self._ended[next(iter(self._ended))]
        for waiter in self._waiters.pop(outcome.state, ()):
            waiter.get_loop().call_soon_threadsafe(_settle, waiter, outcome)
        for listener in list(self._listeners.values()):
            try:
                listener(outcome)
            except Exception:
                _logger.exception("a listener of sign-ins to `%s` failed", outcome.provider)

    async def wait(self, state: str) -> SignInOutcome:
        """Return how the sign-in ended, when it has.

        Raises:
            SignInError: it failed.
        """
        outcome = self._ended.get(state)
        if outcome is None:
            outcome = await self._next(state)
        if outcome.error is not None:
            raise SignInError(outcome.error, hint="start the sign-in again")
        return outcome

    def on_outcome(self, listener: OutcomeListener) -> Callable[[], None]:
        """Add a listener; the function returned takes it away again."""
        key = self._next_key
        self._next_key += 1
        self._listeners[key] = listener
        return lambda: self._listeners.pop(key, None) and None

    def knows(self, state: str) -> bool:
        """Whether a sign-in with this state ended."""
        return state in self._ended

    async def _next(self, state: str) -> SignInOutcome:
        waiter: _Waiter = asyncio.get_running_loop().create_future()
        waiters = self._waiters.setdefault(state, set())
        waiters.add(waiter)
        try:
            return await waiter
        finally:
            waiters.discard(waiter)
            if not waiters and self._waiters.get(state) is waiters:
                del self._waiters[state]


def _settle(waiter: _Waiter, outcome: SignInOutcome) -> None:
    if not waiter.done():
        waiter.set_result(outcome)
