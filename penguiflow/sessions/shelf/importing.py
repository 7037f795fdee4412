"""Taking the sessions of a file into a store.

The file is read twice. At first everything is looked at: each line, and whether it fits what the store has.
Nothing is written before that went well; what is then written in batches can only fail with the store, and
importing again goes on where that stopped.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from penguiflow.sessions.shelf.comparison import Comparison
from penguiflow.sessions.shelf.errors import SessionNameError
from penguiflow.sessions.shelf.history_file import HistoryFile, NumberedEntry
from penguiflow.sessions.shelf.marking import checked_name
from penguiflow.sessions.shelf.renaming import derived_id, renamed
from penguiflow.state.contents import Content
from penguiflow.state.events import RunEvent
from penguiflow.state.protocol import HistoryStore

_BATCH_ENTRIES = 500
_BATCH_CHARS = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came of an import of a session or, with `run_id`, of one of its runs.

    `new_events` of the `events` in the file were not in the store before.
    """

    session_id: str
    run_id: str | None
    events: int
    new_events: int


async def import_history(store: HistoryStore, file: IO[bytes], *, as_id: str | None = None) -> Imported:
    """Take in what `export_session` or `export_run` wrote; `as_id` gives the session another id.

    What the store has already is skipped. `file` is read from its beginning and must be seekable.

    Raises:
        HistoryFileError: a line cannot be taken; nothing was written.
        SessionExistsError: the store has the session with other events; nothing was written.
        SessionNameError: `as_id` is no id.
        StoreError: the store failed; importing again completes what was begun.
    """
    source = HistoryFile(file)
    header = await asyncio.to_thread(source.header)
    session_id = header.session_id if as_id is None else _checked_id(as_id)
    run_id = header.run_id
    if run_id is not None and session_id != header.session_id:
        run_id = derived_id(run_id, session_id)
    comparison = Comparison(store, run_id)
    async for batch in _batches(source, header.session_id, session_id):
        for number, entry in batch:
            await comparison.look_at(number, entry)
    comparison.finish()
    if comparison.has_news:
        async for batch in _batches(source, header.session_id, session_id):
            entries = [entry for _, entry in batch]
            await store.append_events(
                [each for each in entries if isinstance(each, RunEvent)],
                [each for each in entries if isinstance(each, Content)],
            )
    return Imported(
        session_id=session_id, run_id=run_id, events=comparison.events, new_events=comparison.new_events
    )


async def _batches(
    source: HistoryFile, session_id: str, new_id: str
) -> AsyncGenerator[Sequence[NumberedEntry]]:
    entries = source.entries()
    while batch := await asyncio.to_thread(_next_batch, entries):
        yield [(number, renamed(entry, session_id, new_id)) for number, entry in batch]


def _next_batch(entries: Iterator[NumberedEntry]) -> Sequence[NumberedEntry]:
    batch: list[NumberedEntry] = []
    chars = 0
    for number, entry in entries:
        batch.append((number, entry))
        chars += len(entry.text) if isinstance(entry, Content) else 0
        if len(batch) >= _BATCH_ENTRIES or chars >= _BATCH_CHARS:
            break
    return batch


def _checked_id(text: str) -> str:
    session_id = checked_name(text)
    if not session_id:
        raise SessionNameError("the id of a session is not empty")
    return session_id
