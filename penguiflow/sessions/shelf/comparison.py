"""What a store has of the sessions in a file, and whether the two can become one."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TypeAlias

from penguiflow.sessions.shelf.errors import HistoryFileError, SessionExistsError
from penguiflow.state.contents import Content
from penguiflow.state.events import EventBody, RunEvent, SessionArchived, SessionNamed
from penguiflow.state.protocol import HistoryStore
from penguiflow.state.stored_text import payload_text

_Place: TypeAlias = tuple[str, int]


@dataclass(slots=True)
class _Stored:
    """The events of one session: where they stand, and a digest of each."""

    digests: dict[_Place, bytes] = field(default_factory=dict[_Place, bytes])
    run_ids: set[str] = field(default_factory=set[str])
    marks: int = 0
    """How many of them only name or archive the session: they say nothing about what happened in it."""


class Comparison:
    """Looks at each entry of a file. For a file with a single run, only that run of the store counts."""

    def __init__(self, store: HistoryStore, run_id: str | None) -> None:
        self._store = store
        self._run_id = run_id
        self._sessions: dict[str, _Stored] = {}
        self._new: Counter[str] = Counter()
        self._known: Counter[str] = Counter()
        self._known_marks = 0
        self._new_contents = 0

    @property
    def events(self) -> int:
        return self._new.total() + self._known.total() + self._known_marks

    @property
    def new_events(self) -> int:
        return self._new.total()

    @property
    def has_news(self) -> bool:
        return bool(self.new_events or self._new_contents)

    async def look_at(self, number: int, entry: RunEvent | Content) -> None:
        """Take note of what stands in this line.

        Raises:
            SessionExistsError: the store has an event in its place.
            HistoryFileError: the store has another text under its name.
        """
        stored = await self._stored(entry.session_id)
        if isinstance(entry, Content):
            await self._look_at_content(number, entry)
        elif (digest := stored.digests.get((entry.run_id, entry.seq))) is None:
            await self._look_at_new(entry, stored)
        elif digest == _digest(entry.body):
            if isinstance(entry.body, SessionNamed | SessionArchived):
                self._known_marks += 1
            else:
                self._known[entry.session_id] += 1
        else:
            raise _other_events(entry.session_id, f"event {entry.seq} of run `{entry.run_id}` is another one")

    def finish(self) -> None:
        """Compare the whole.

        Raises:
            SessionExistsError: file and store each have events that the other lacks.
        """
        for session_id, stored in self._sessions.items():
            only_stored = len(stored.digests) - stored.marks - self._known[session_id]
            if self._new[session_id] and only_stored:
                raise _other_events(
                    session_id, f"{only_stored} of its events are not in the file, which has others"
                )

    async def _look_at_content(self, number: int, content: Content) -> None:
        text = await self._store.load_content(content.session_id, content.content_id)
        if text is None:
            self._new_contents += 1
        elif text != content.text:
            raise HistoryFileError(number, f"has another text than the store under `{content.content_id}`")

    async def _look_at_new(self, event: RunEvent, stored: _Stored) -> None:
        self._new[event.session_id] += 1
        if event.run_id in stored.run_ids:
            return
        stored.run_ids.add(event.run_id)
        there = await self._store.read_run(event.run_id, limit=1)
        if there and there[0].session_id != event.session_id:
            raise _other_events(
                event.session_id,
                f"its run `{event.run_id}` is in the store as one of session `{there[0].session_id}`",
            )

    async def _stored(self, session_id: str) -> _Stored:
        stored = self._sessions.get(session_id)
        if stored is None:
            stored = self._sessions[session_id] = _Stored()
            for event in await self._store.load_session(session_id):
                if self._run_id in (None, event.run_id):
                    stored.digests[(event.run_id, event.seq)] = _digest(event.body)
                    stored.run_ids.add(event.run_id)
                    stored.marks += isinstance(event.body, SessionNamed | SessionArchived)
        return stored


def _digest(body: EventBody) -> bytes:
    return hashlib.blake2b(f"{body.kind}\0{payload_text(body)}".encode(), digest_size=16).digest()


def _other_events(session_id: str, why: str) -> SessionExistsError:
    return SessionExistsError(
        f"the history has session `{session_id}` with other events: {why}",
        hint="nothing was imported; `--as NEW_ID` puts the file beside it.",
    )
