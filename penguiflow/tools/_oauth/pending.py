"""Sign-ins that were begun and not finished yet; each is used at most once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from penguiflow.tools._oauth.errors import SignInError
from penguiflow.tools._oauth.provider import Client, Provider

SIGN_IN_LIFETIME_S: Final = 600.0
_MAX_PENDING = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingSignIn:
    """One sign-in under way, with the server it was begun at: only there its code may be redeemed."""

    state: str
    verifier: str = field(repr=False)
    user_id: str
    trace_id: str
    provider: Provider
    client: Client
    begun_at: float


class PendingSignIns:
    """The sign-ins under way by their state."""

    def __init__(self) -> None:
        self._by_state: dict[str, PendingSignIn] = {}

    def add(self, sign_in: PendingSignIn, *, now: float) -> None:
        """Add one, and forget those that are too old."""
        self._by_state = {
            state: other
            for state, other in self._by_state.items()
            if now - other.begun_at <= SIGN_IN_LIFETIME_S
        }
        if len(self._by_state) >= _MAX_PENDING:
            del self._by_state[next(iter(self._by_state))]
        self._by_state[sign_in.state] = sign_in

    def has(self, state: str) -> bool:
        """Whether a sign-in with this state is under way."""
        return state in self._by_state

    def take(self, state: str, *, now: float) -> PendingSignIn:
        """Return a sign-in and forget it.

        Raises:
            SignInError: there is none with this state, it was finished before, or it is too old.
        """
        sign_in = self._by_state.pop(state, None)
        if sign_in is None:
            raise SignInError("Invalid or expired OAuth state", hint="start the sign-in again")
        if now - sign_in.begun_at > SIGN_IN_LIFETIME_S:
            raise SignInError(
                "OAuth request expired", hint="start the sign-in again, and finish it within 10 minutes"
            )
        return sign_in
