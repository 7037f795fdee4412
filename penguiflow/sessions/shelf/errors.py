"""Why something cannot be done with a stored session.

ShelfError                  nothing was changed
├── SessionNotFoundError    no session, or no run of it, is meant by a text
├── AmbiguousSessionError   several sessions are
├── SessionNameError        a name that would not find its session again, or that another one has
├── NothingToForkError      nothing happened yet in a session, or the run is no part of it
├── HistoryFileError        a file of a history is damaged, cut off or hostile
└── SessionExistsError      the store holds the session of a file with other events
"""

from __future__ import annotations

from collections.abc import Sequence

from penguiflow.sessions.results import SessionError
from penguiflow.state.summaries import SessionSummary


class ShelfError(SessionError):
    """`code` is the stable name programs read, `hint` says what to do next."""

    code = "session_refused"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class SessionNotFoundError(ShelfError):
    """No session is meant by the text."""

    code = "unknown_session"


class AmbiguousSessionError(ShelfError):
    """Several sessions have the name, or ids that begin so."""

    code = "ambiguous_session"

    def __init__(self, text: str, candidates: Sequence[SessionSummary]) -> None:
        shown = ", ".join(f"`{each.session_id}`" for each in candidates[:5])
        more = f" and {len(candidates) - 5} more" if len(candidates) > 5 else ""
        super().__init__(f"`{text}` may mean {shown}{more}", hint="use the id, or more of it.")
        self.candidates = tuple(candidates)


class SessionNameError(ShelfError):
    """The name cannot be given."""

    code = "bad_session_name"


class NothingToForkError(ShelfError):
    """There is no run that could be taken over."""

    code = "nothing_to_fork"


class HistoryFileError(ShelfError):
    """A line of a history file cannot be taken; lines count from 1."""

    code = "bad_history_file"

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(f"line {line} {problem}", hint="nothing was imported.")
        self.line = line


class SessionExistsError(ShelfError):
    """The store holds the session with other events."""

    code = "session_exists"
