"""What comes out of a run, and how a session refuses.

SessionError
├── SessionBusyError      a run works; interrupt it or wait
├── SessionClosedError    the session was closed
├── RequestNotFoundError  no such request in this session
├── AlreadyDecidedError   somebody else, or an interruption, answered the request
├── NothingToRecoverError its run did not break off
├── UnknownConnectionError
└── NotPossibleError      the connection does not do that, or has no such tool
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from penguiflow.state.events import PersonAsked, RunFailed

RunOutcome: TypeAlias = Literal["answered", "paused", "stopped", "failed", "interrupted"]
Activity: TypeAlias = Literal["starting", "idle", "thinking", "running_tool", "waiting", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """How one `ask` or `decide` ended.

    `stopped` means the agent ended without an answer (`no_path`, `budget_exhausted`, `no_progress`).
    `request` is set when paused, `error` when failed. `cost_usd` and `steps` count the whole run, across
    pauses; a cost of `None` is unknown.
    """

    run_id: str
    outcome: RunOutcome
    answer: str = ""
    request: PersonAsked | None = None
    error: RunFailed | None = None
    cost_usd: float | None = None
    steps: int = 0


class SessionError(RuntimeError):
    """A session cannot do what was asked of it."""


class SessionBusyError(SessionError):
    """A run works in this session."""


class SessionClosedError(SessionError):
    """The session was closed."""


class RequestNotFoundError(SessionError):
    """The session holds no such request."""


class AlreadyDecidedError(SessionError):
    """The request has its answer already."""


class NothingToRecoverError(SessionError):
    """No run broke off after the request was answered."""


class UnknownConnectionError(SessionError):
    """The agent has no such tool connection."""


class NotPossibleError(SessionError):
    """The connection does not do that, or has no such tool."""
