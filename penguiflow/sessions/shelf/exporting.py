"""Reading a session or a run out of a store as the records of a file; see `projections.jsonl`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Sequence

from penguiflow.sessions.projections.jsonl import (
    content_ids,
    content_record,
    end_record,
    event_record,
    run_header,
    session_header,
)
from penguiflow.sessions.shelf.errors import SessionNotFoundError
from penguiflow.sessions.shelf.past import past_of
from penguiflow.state.contents import Content
from penguiflow.state.events import JsonObject, RunEvent
from penguiflow.state.protocol import HistoryStore

_PAGE = 1_000


async def export_session(
    store: HistoryStore, session_id: str, *, with_parents: bool = False
) -> AsyncGenerator[JsonObject]:
    """Yield the records of a session; with its parents, what it took over of them comes first.

    Raises:
        SessionNotFoundError: nothing is stored under the id.
    """
    own = await store.load_session(session_id)
    if not own:
        raise SessionNotFoundError(f"no session has the id `{session_id}`")
    past = (await past_of(store, own)).events if with_parents else ()
    yield session_header(own, with_parents=with_parents)
    async for record in _with_contents(store, _each((*past, *own))):
        yield record


async def export_run(store: HistoryStore, run_id: str) -> AsyncGenerator[JsonObject]:
    """Yield the records of one run, which is read in pages.

    Raises:
        SessionNotFoundError: nothing is stored under the id.
    """
    first = await store.read_run(run_id, limit=1)
    if not first:
        raise SessionNotFoundError(f"no run has the id `{run_id}`")
    yield run_header(run_id, first[0].session_id)
    async for record in _with_contents(store, _pages(store, run_id)):
        yield record


async def _with_contents(store: HistoryStore, events: AsyncIterable[RunEvent]) -> AsyncGenerator[JsonObject]:
    written: set[tuple[str, str]] = set()
    event_count = content_count = 0
    async for event in events:
        for content_id in content_ids(event.body):
            place = (event.session_id, content_id)
            text = None if place in written else await store.load_content(*place)
            written.add(place)
            if text is not None:
                yield content_record(Content(session_id=event.session_id, content_id=content_id, text=text))
                content_count += 1
        yield event_record(event)
        event_count += 1
    yield end_record(events=event_count, contents=content_count)


async def _each(events: Sequence[RunEvent]) -> AsyncGenerator[RunEvent]:
    for event in events:
        yield event


async def _pages(store: HistoryStore, run_id: str) -> AsyncGenerator[RunEvent]:
    last = -1
    while page := await store.read_run(run_id, after_seq=last, limit=_PAGE):
        for event in page:
            yield event
        last = page[-1].seq
