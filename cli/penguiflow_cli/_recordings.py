"""What is stored of a run or a session, as a recording that can be played."""

from __future__ import annotations

from collections.abc import Sequence

from penguiflow.sessions.shelf.past import ended, past_of
from penguiflow.state.events import RunEvent
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow_cli._run_names import NamedRun, load_run


class _Stored:
    """Finds large texts in the sessions whose events were read."""

    def __init__(self, store: SqliteStateStore, title: str) -> None:
        self._store = store
        self._title = title
        self._session_ids: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return self._title

    async def load_content(self, content_id: str) -> str | None:
        for session_id in self._session_ids:
            text = await self._store.load_content(session_id, content_id)
            if text is not None:
                return text
        return None

    def _read(self, events: Sequence[RunEvent]) -> Sequence[RunEvent]:
        self._session_ids = tuple(dict.fromkeys(event.session_id for event in events))
        return events


class StoredRun(_Stored):
    """The recording of one run, or of the trace of a flow."""

    def __init__(self, store: SqliteStateStore, run: NamedRun, *, title: str) -> None:
        super().__init__(store, title)
        self._run = run

    async def load_events(self) -> Sequence[RunEvent]:
        return self._read(await load_run(self._store, self._run))


class StoredSession(_Stored):
    """The recording of a session; that of a fork begins with what it took over from its parents."""

    def __init__(self, store: SqliteStateStore, session_id: str, *, title: str) -> None:
        super().__init__(store, title)
        self._session_id = session_id

    async def load_events(self) -> Sequence[RunEvent]:
        own = await self._store.load_session(self._session_id)
        past = await past_of(self._store, own)
        return self._read([*ended(past.events), *own])
