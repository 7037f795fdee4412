"""What the screen follows, pulled at a fixed rate and reduced to one frozen value."""

from __future__ import annotations

from typing import Protocol

from penguiflow.state.events import RunEvent
from penguiflow_tui.model.reduce import reduce_all
from penguiflow_tui.model.state import EMPTY, WorkbenchState
from penguiflow_tui.ports import Session

EVENTS_A_PULL = 2_000
"""A long history is read in pieces of this size, so that the screen answers in between."""


class Feed(Protocol):
    """A session that works now, or a recording that is played."""

    @property
    def state(self) -> WorkbenchState:
        """What the events pulled so far amount to."""
        ...

    def pull(self) -> list[RunEvent]:
        """Bring the state up to date and return the events that were new to it."""
        ...


class SessionFeed:
    """Holds a session, how far it was read, and the state that this amounts to."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.state: WorkbenchState = EMPTY
        self._cursor = 0
        self._unreduced: list[RunEvent] = []

    def pull(self) -> list[RunEvent]:
        """Bring the state up to date and return the events that were new to it."""
        events, self._cursor = self.session.events_since(self._cursor)
        self._unreduced.extend(events)
        piece, self._unreduced = self._unreduced[:EVENTS_A_PULL], self._unreduced[EVENTS_A_PULL:]
        self.state = reduce_all(self.state, piece)
        return piece
