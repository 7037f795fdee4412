"""Naming a session and putting it away: events of a person in the session's log."""

from __future__ import annotations

from penguiflow._clock import WallClock, wall_clock
from penguiflow._ids import IdSource
from penguiflow._ids import new_id as random_id
from penguiflow.safe_text import safe_line
from penguiflow.sessions.shelf.errors import SessionNameError, SessionNotFoundError
from penguiflow.sessions.shelf.finding import LAST, every_session
from penguiflow.state.events import EventBody, RunEvent, SessionArchived, SessionNamed
from penguiflow.state.protocol import HistoryStore
from penguiflow.state.summaries import SessionSummary

MAX_NAME_CHARS = 80


async def name_session(
    store: HistoryStore,
    session_id: str,
    name: str,
    *,
    clock: WallClock = wall_clock,
    new_id: IdSource = random_id,
) -> bool:
    """Give a session a name, or with an empty one take it away; `False` when it is called so already.

    Raises:
        SessionNotFoundError: nothing is stored under the id.
        SessionNameError: the name has no place on a line, or means another session.
    """
    name = checked_name(name)
    summary = await _stored(store, session_id)
    if name == summary.name:
        return False
    if name:
        await _refuse_taken(store, session_id, name)
    await append_alone(store, session_id, SessionNamed(name=name), clock=clock, new_id=new_id)
    return True


async def archive_session(
    store: HistoryStore,
    session_id: str,
    *,
    archived: bool = True,
    clock: WallClock = wall_clock,
    new_id: IdSource = random_id,
) -> bool:
    """Put a session away, or take it back; `False` when it is there already.

    Raises:
        SessionNotFoundError: nothing is stored under the id.
    """
    if (await _stored(store, session_id)).archived == archived:
        return False
    await append_alone(store, session_id, SessionArchived(archived=archived), clock=clock, new_id=new_id)
    return True


async def append_alone(
    store: HistoryStore, session_id: str, body: EventBody, *, clock: WallClock, new_id: IdSource
) -> None:
    """Append an event that belongs to the session and to no run."""
    event = RunEvent(session_id=session_id, run_id=new_id(), seq=0, ts=clock(), body=body)
    await store.append_events([event])


def checked_name(name: str) -> str:
    """Return the name with single spaces.

    Raises:
        SessionNameError: it is long, hides something, or would be taken for something else.
    """
    name = " ".join(name.split())
    if len(name) > MAX_NAME_CHARS:
        raise SessionNameError(f"a name has at most {MAX_NAME_CHARS} characters, this one {len(name)}")
    if safe_line(name) != name:
        raise SessionNameError("a name has no control or invisible characters", hint="type it anew.")
    if name == LAST or name.startswith("-"):
        raise SessionNameError(f"`{name}` has a meaning of its own on the command line")
    return name


async def _refuse_taken(store: HistoryStore, session_id: str, name: str) -> None:
    holder = await store.find_session(name)  # an id goes before a name
    if holder is None:
        async for summary in every_session(store):
            if summary.name == name:
                holder = summary
                break
    if holder is not None and holder.session_id != session_id:
        raise SessionNameError(
            f"`{name}` means session `{holder.session_id}` already",
            hint="choose another name, or take that one away: `penguiflow sessions name ID ''`.",
        )


async def _stored(store: HistoryStore, session_id: str) -> SessionSummary:
    summary = await store.find_session(session_id)
    if summary is None:
        raise SessionNotFoundError(f"no session has the id `{session_id}`")
    return summary
