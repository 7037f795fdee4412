"""The events of one session in memory: numbers new ones and lets anybody read on from a cursor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from penguiflow._clock import MonotonicClock, WallClock
from penguiflow.sessions.standing import Standing, advance
from penguiflow.state.events import EventBody, PersonAnswered, RunEvent, RunStarted


class SessionLog:
    """Append-only. `seq` goes on where the stored events of a run end, whoever wrote them.

    The monotonic time of a run begins anew whenever somebody asks or answers.
    """

    def __init__(self, session_id: str, clock: WallClock, monotonic: MonotonicClock) -> None:
        self._session_id = session_id
        self._clock = clock
        self._monotonic = monotonic
        self._stretch_began: dict[str, float] = {}
        self._events: list[RunEvent] = []
        self._runs: defaultdict[str, list[RunEvent]] = defaultdict(list)
        self._next_seq: defaultdict[str, int] = defaultdict(int)
        self._standing = Standing()

    @property
    def standing(self) -> Standing:
        return self._standing

    def run(self, run_id: str) -> Sequence[RunEvent]:
        """Return the events of one run."""
        return self._runs.get(run_id, ())

    def since(self, cursor: int) -> tuple[Sequence[RunEvent], int]:
        """Return the events from the cursor on and the cursor behind them; 0 is the beginning."""
        return self._events[cursor:], len(self._events)

    def elapsed_ms(self, run_id: str) -> float:
        """Return the time on the run's monotonic clock."""
        now = self._monotonic()
        return round((now - self._stretch_began.setdefault(run_id, now)) * 1000, 3)

    def next_event(self, run_id: str, body: EventBody) -> RunEvent:
        """Return the event that would come next in its run; `show` makes it so."""
        if isinstance(body, RunStarted | PersonAnswered):
            self._stretch_began.pop(run_id, None)
        return RunEvent(
            session_id=self._session_id,
            run_id=run_id,
            seq=self._next_seq[run_id],
            ts=self._clock(),
            elapsed_ms=self.elapsed_ms(run_id),
            body=body,
        )

    def show_past(self, events: Iterable[RunEvent]) -> None:
        """Begin with what another session did. It is only shown: nothing of it runs or waits in this one."""
        self._events.extend(events)

    def show(self, event: RunEvent) -> None:
        """Append an event that is in the history or on its way there."""
        self._next_seq[event.run_id] = max(self._next_seq[event.run_id], event.seq + 1)
        self._append(event)

    def show_stored(self, events: Iterable[RunEvent]) -> None:
        """Append those events from the store that are not here yet."""
        for event in events:
            if event.seq >= self._next_seq[event.run_id]:
                self.show(event)

    def show_here_only(self, run_id: str, body: EventBody) -> None:
        """Append something that only this process concludes and that never enters the store.

        It takes no number: another process may be writing the run's real end at this moment.
        """
        self._append(self.next_event(run_id, body))

    def _append(self, event: RunEvent) -> None:
        self._events.append(event)
        self._runs[event.run_id].append(event)
        self._standing = advance(self._standing, event)
