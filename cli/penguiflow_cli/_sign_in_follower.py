"""What follows when somebody comes back from a sign-in: a run that waits goes on, a server is connected."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from penguiflow.planner.approvals import Approve, DecisionError
from penguiflow.sessions.results import SessionError
from penguiflow.sessions.session import AgentSession

if TYPE_CHECKING:
    from penguiflow.tools.oauth import SignInOutcome


class TellsOutcomes(Protocol):
    """`OAuthManager`, as far as it is listened to."""

    def on_outcome(self, listener: Callable[[SignInOutcome], None]) -> Callable[[], None]: ...


class SignInFollower:
    """Acts on one session until it is closed."""

    def __init__(self, session: AgentSession, manager: TellsOutcomes) -> None:
        self._session = session
        self._tasks: set[asyncio.Task[None]] = set()
        self._stop_hearing = manager.on_outcome(self._hear)

    async def aclose(self) -> None:
        """Hear no more, and wait for what was begun. Runs are the session's own and go on in it."""
        self._stop_hearing()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _hear(self, outcome: SignInOutcome) -> None:
        if outcome.error is not None:
            self._session.record_output("log", f"the sign-in to `{outcome.provider}` failed: {outcome.error}")
            return
        self._session.record_output("log", f"signed in to `{outcome.provider}`")
        task = asyncio.get_running_loop().create_task(self._go_on(outcome), name="penguiflow-signed-in")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _go_on(self, outcome: SignInOutcome) -> None:
        waiting = [asked for asked in self._session.pending if asked.payload.get("state") == outcome.state]
        # The person may have been faster, or does something else now: then they go on by hand.
        with suppress(SessionError, DecisionError):
            if waiting:
                await self._session.decide(waiting[0].request_id, Approve())
            else:
                await self._session.tools.reconnect(outcome.provider)
