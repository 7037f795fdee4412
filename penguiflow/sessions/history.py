"""What one session knows of its history: the log in memory, the writer to the store, and reading it back."""

from __future__ import annotations

from collections.abc import Sequence

from penguiflow._clock import MonotonicClock, WallClock
from penguiflow.sessions.contents import RawContent
from penguiflow.sessions.history_form import history_form
from penguiflow.sessions.log import SessionLog
from penguiflow.sessions.shelf.past import ended, past_of
from penguiflow.sessions.standing import Standing
from penguiflow.sessions.totals import RunTotals, run_totals
from penguiflow.sessions.writer import HistoryWriter
from penguiflow.state.errors import StoreError
from penguiflow.state.events import (
    EventBody,
    OutputCaptured,
    PersonAsked,
    RunEvent,
    RunInterrupted,
)
from penguiflow.state.protocol import HistoryStore


class SessionHistory:
    """Every event of a session enters here, in its history form.

    What happens outside any run (connections, output) is numbered under an id of its own, `outside_runs`.
    It is written once something was asked: a session that was only opened leaves no trace.
    """

    def __init__(
        self,
        store: HistoryStore,
        session_id: str,
        clock: WallClock,
        monotonic: MonotonicClock,
        *,
        outside_runs: str,
    ) -> None:
        self._store = store
        self._session_id = session_id
        self._clock = clock
        self._outside_runs = outside_runs
        self._past_sessions: tuple[str, ...] = ()
        self._log = SessionLog(session_id, clock, monotonic)
        self._writer = HistoryWriter(store, self._on_trouble)

    @property
    def standing(self) -> Standing:
        return self._log.standing

    @property
    def trouble(self) -> StoreError | None:
        return self._writer.trouble

    def since(self, cursor: int) -> tuple[Sequence[RunEvent], int]:
        return self._log.since(cursor)

    def totals(self, run_id: str) -> RunTotals:
        """Count a run up to now."""
        return run_totals(self._log.run(run_id), now=self._clock(), elapsed_ms=self._log.elapsed_ms(run_id))

    def record(self, run_id: str, body: EventBody, contents: Sequence[RawContent] = ()) -> None:
        """Show an event now; write it, and the large texts that belong to it, soon."""
        event = self._log.next_event(run_id, history_form(body))
        self._log.show(event)
        self._writer.add(event, contents)

    def record_outside_runs(self, body: EventBody, contents: Sequence[RawContent] = ()) -> None:
        """Record something that belongs to the session and to no run."""
        self.record(self._outside_runs, body, contents)

    async def record_durably(self, run_id: str, asked: PersonAsked) -> PersonAsked:
        """Write a question to the store and show it only then; return it as it was written.

        Raises:
            StoreError: it is neither stored nor shown.
        """
        shown = history_form(asked)
        event = self._log.next_event(run_id, shown)
        await self._writer.write_through(event)
        self._log.show(event)
        return shown

    def start_writing(self) -> None:
        self._writer.start()

    async def load(self) -> None:
        """Show what is stored of the session, in a fork behind its past."""
        stored = await self._store.load_session(self._session_id)
        past = await past_of(self._store, stored)
        self._log.show_past(ended(past.events))
        self._past_sessions = tuple(dict.fromkeys(event.session_id for event in past.events))
        self._log.show_stored(stored)
        if past.gap:
            self._log.show_here_only(self._outside_runs, OutputCaptured(stream="log", text=past.gap))
        # Nobody in this process drives these runs. Another process may, so the store is not told.
        for run_id in self.standing.unfinished_runs:
            self._log.show_here_only(run_id, RunInterrupted())

    async def refresh(self, run_id: str) -> None:
        """Show what another process added to a run."""
        await self._writer.flush()
        self._log.show_stored(await self._store.load_run(run_id))

    def show_here_only(self, run_id: str, body: EventBody) -> None:
        """Show something that only this process concludes; the store is not told."""
        self._log.show_here_only(run_id, body)

    async def load_content(self, content_id: str) -> str | None:
        """Return the whole text for which a ref stands."""
        await self._writer.flush()
        for session_id in (self._session_id, *self._past_sessions):
            if (text := await self._store.load_content(session_id, content_id)) is not None:
                return text
        return None

    async def flush(self) -> None:
        await self._writer.flush()

    async def aclose(self) -> None:
        await self._writer.aclose()

    def _on_trouble(self, trouble: StoreError | None, given_up: int) -> None:
        if trouble is not None:
            hint = f" ({trouble.hint})" if trouble.hint else ""
            text = f"the history is not written: {trouble}{hint}"
        elif given_up:
            text = f"the history is written again; {given_up} events before this one could not be kept"
        else:
            text = "the history is written again"
        self.record_outside_runs(OutputCaptured(stream="log", text=text))
