"""Which session a person means: by id, name, the beginning of an id, or `last`."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence

from penguiflow.sessions.shelf.errors import AmbiguousSessionError, SessionNotFoundError
from penguiflow.state.protocol import HistoryStore
from penguiflow.state.summaries import SessionSummary

LAST = "last"
"""The session changed last, of those that are not archived."""

_PAGE = 500
_GENERATED_ID = re.compile(r"[0-9a-f]{32}")
_MIN_PREFIX_CHARS = 4


async def find_session(store: HistoryStore, text: str) -> SessionSummary:
    """Return the session that is meant: its id, else its name, else an id that begins so.

    Raises:
        SessionNotFoundError: none is meant.
        AmbiguousSessionError: several are.
    """
    found = await _newest(store) if text == LAST else await _exact(store, text)
    if found is None and text and text != LAST:
        found = the_one_meant(text, [each async for each in every_session(store)])
    if found is None:
        raise SessionNotFoundError(
            f"no session is called `{text}`, and no id begins so",
            hint="`penguiflow sessions list --all` shows all of them.",
        )
    return found


async def session_to_go_on_with(store: HistoryStore, text: str) -> str:
    """Return the id of the session to ask in: as `find_session`, else the text is the id of a new one.

    The beginning of an id counts only for ids that this program made up, and from four characters on:
    whoever numbers sessions `job-1`, `job-10` never gets the one for the other. `last` without any session
    is an empty text.

    Raises:
        AmbiguousSessionError: several are meant.
    """
    if text == LAST:
        newest = await _newest(store)
        return newest.session_id if newest else ""
    if (exact := await _exact(store, text)) is not None:
        return exact.session_id
    candidates = [each async for each in every_session(store)]
    if not any(each.name == text for each in candidates):
        may_begin_so = len(text) >= _MIN_PREFIX_CHARS
        candidates = [
            each for each in candidates if may_begin_so and _GENERATED_ID.fullmatch(each.session_id)
        ]
    found = the_one_meant(text, candidates)
    return found.session_id if found else text


def the_one_meant(text: str, sessions: Sequence[SessionSummary]) -> SessionSummary | None:
    """Return the session with this name, else the one whose id begins so.

    Raises:
        AmbiguousSessionError: there are several.
    """
    named = [each for each in sessions if each.name == text]
    meant = named or [each for each in sessions if each.session_id.startswith(text)]
    if len(meant) > 1:
        raise AmbiguousSessionError(text, meant)
    return meant[0] if meant else None


async def every_session(store: HistoryStore) -> AsyncGenerator[SessionSummary]:
    """Yield the listed sessions, archived or not, the one changed last first."""
    after: str | None = None
    while page := await store.list_sessions(limit=_PAGE, after=after, archived=None):
        for summary in page:
            yield summary
        after = page[-1].session_id


async def _newest(store: HistoryStore) -> SessionSummary | None:
    newest = await store.list_sessions(limit=1)
    return newest[0] if newest else None


async def _exact(store: HistoryStore, text: str) -> SessionSummary | None:
    # An argument that is no text (a byte that was no UTF-8) can be asked of no database.
    return await store.find_session(text) if text.isascii() or _is_encodable(text) else None


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
