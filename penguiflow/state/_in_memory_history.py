"""The history of sessions in dictionaries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import dropwhile, islice
from typing import TypeVar

from penguiflow._artifacts.content import text_bytes
from penguiflow.state.contents import Content
from penguiflow.state.errors import HistoryConflictError
from penguiflow.state.events import PersonAsked, RunEvent, RunStarted
from penguiflow.state.order import in_history_order
from penguiflow.state.summaries import RunSummary, SessionSummary
from penguiflow.state.tallies import (
    RunTally,
    SessionTally,
    count,
    count_in_run,
    run_summary_of,
    summary_of,
)

_ItemT = TypeVar("_ItemT")


class InMemoryHistory:
    """A `HistoryStore` that lives as long as the process."""

    def __init__(self) -> None:
        self._runs: dict[str, dict[int, RunEvent]] = {}
        self._appended: dict[str, list[RunEvent]] = {}  # by session
        self._sessions: dict[str, SessionTally] = {}  # the one changed last at the end
        self._run_tallies: dict[str, RunTally] = {}  # the one begun last at the end
        self._contents: dict[tuple[str, str], str] = {}

    async def append_events(self, events: Sequence[RunEvent], contents: Sequence[Content] = ()) -> None:
        new = self._new_ones(events)
        for content in contents:
            # As any other store would keep it: UTF-8 has no lone surrogates.
            text = text_bytes(content.text).decode()
            self._contents.setdefault((content.session_id, content.content_id), text)
        of_sessions: defaultdict[str, list[RunEvent]] = defaultdict(list)
        of_runs: defaultdict[str, list[RunEvent]] = defaultdict(list)
        for event in new:
            self._runs.setdefault(event.run_id, {})[event.seq] = event
            of_runs[event.run_id].append(event)
            of_sessions[event.session_id].append(event)
        # The session changed last comes last.
        for session_id in reversed(dict.fromkeys(event.session_id for event in reversed(new))):
            appended = of_sessions[session_id]
            self._appended.setdefault(session_id, []).extend(appended)
            self._sessions[session_id] = count(self._sessions.pop(session_id, None), appended)
        begun = (event.run_id for event in new if isinstance(event.body, RunStarted))
        for run_id in dict.fromkeys((*begun, *of_runs)):  # the run begun last comes last
            self._count_run(run_id, of_runs[run_id])

    async def load_run(self, run_id: str) -> Sequence[RunEvent]:
        events = self._runs.get(run_id, {})
        return [events[seq] for seq in sorted(events)]

    async def read_run(self, run_id: str, *, after_seq: int = -1, limit: int = 1_000) -> Sequence[RunEvent]:
        later = (event for event in await self.load_run(run_id) if event.seq > after_seq)
        return list(islice(later, max(limit, 0)))

    async def load_session(self, session_id: str) -> Sequence[RunEvent]:
        return in_history_order(self._appended.get(session_id, []))

    async def list_sessions(
        self, *, limit: int = 50, after: str | None = None, archived: bool | None = False
    ) -> Sequence[SessionSummary]:
        lines = (
            summary_of(session_id, tally)
            for session_id, tally in _page(reversed(self._sessions.items()), after)
            if tally.is_listed and archived in (None, tally.archived)
        )
        return list(islice(lines, max(limit, 0)))

    async def list_runs(
        self, *, session_id: str | None = None, limit: int = 50, after: str | None = None
    ) -> Sequence[RunSummary]:
        begun = (
            (run_id, tally)
            for run_id, tally in reversed(self._run_tallies.items())
            if tally.started_at is not None
        )
        lines = (
            run_summary_of(run_id, tally)
            for run_id, tally in _page(begun, after)
            if session_id in (None, tally.session_id)
        )
        return list(islice(lines, max(limit, 0)))

    async def find_session(self, session_id: str) -> SessionSummary | None:
        tally = self._sessions.get(session_id)
        return None if tally is None else summary_of(session_id, tally)

    async def find_run(self, run_id: str) -> RunSummary | None:
        tally = self._run_tallies.get(run_id)
        return None if tally is None or tally.started_at is None else run_summary_of(run_id, tally)

    async def find_request(self, request_id: str) -> RunEvent | None:
        for events in self._appended.values():
            for event in events:
                if isinstance(event.body, PersonAsked) and event.body.request_id == request_id:
                    return event
        return None

    async def load_content(self, session_id: str, content_id: str) -> str | None:
        return self._contents.get((session_id, content_id))

    async def delete_session(self, session_id: str) -> bool:
        return self.clear_history_of(session_id)

    async def aclose(self) -> None:
        """Nothing to give back; what was stored can still be read."""

    def clear_history(self) -> None:
        """Forget every session."""
        for kept in (self._runs, self._appended, self._sessions, self._run_tallies, self._contents):
            kept.clear()

    def clear_history_of(self, session_id: str) -> bool:
        """Forget one session; `False` when there was nothing."""
        known = self._sessions.pop(session_id, None)
        for run_id in self.run_ids_of(session_id):
            self._runs.pop(run_id, None)
            self._run_tallies.pop(run_id, None)
        self._appended.pop(session_id, None)
        places = [place for place in self._contents if place[0] == session_id]
        for place in places:
            del self._contents[place]
        return known is not None or bool(places)

    def run_ids_of(self, session_id: str) -> set[str]:
        """Return the runs of a session, those too that never began."""
        return {event.run_id for event in self._appended.get(session_id, ())}

    def _new_ones(self, events: Sequence[RunEvent]) -> list[RunEvent]:
        new: dict[tuple[str, int], RunEvent] = {}
        for event in events:
            place = (event.run_id, event.seq)
            taken = self._runs.get(event.run_id, {}).get(event.seq) or new.get(place)
            if taken is None:
                new[place] = event
            elif taken.body != event.body or taken.session_id != event.session_id:
                raise HistoryConflictError(*place)
        return list(new.values())

    def _count_run(self, run_id: str, appended: Sequence[RunEvent]) -> None:
        before = self._run_tallies.get(run_id)
        tally = count_in_run(before, appended)
        if before is not None and before.started_at is None and tally.started_at is not None:
            del self._run_tallies[run_id]  # it begins now
        self._run_tallies[run_id] = tally


def _page(items: Iterable[tuple[str, _ItemT]], after: str | None) -> Iterable[tuple[str, _ItemT]]:
    """Return what follows the item with the id `after`."""
    if after is None:
        return items
    return islice(dropwhile(lambda item: item[0] != after, items), 1, None)
