"""One line about a session or a run, for lists. Times are Unix seconds; a cost of `None` is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

SessionState: TypeAlias = Literal["idle", "waiting", "failed", "interrupted", "running"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSummary:
    """One line of a list of sessions. `title` is the first question, `name` what a person called the session.

    A session that was forked names its parent, and the last run that it took over from there.
    """

    session_id: str
    title: str
    agent: str
    state: SessionState
    last_line: str
    created_at: float
    updated_at: float
    runs: int
    cost_usd: float | None
    name: str = ""
    archived: bool = False
    parent_session_id: str | None = None
    parent_run_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """One line of a list of runs. Tokens are those that the model's provider told.

    `reason` is that of `RunFinished`, empty for a run that did not finish.
    """

    run_id: str
    session_id: str
    agent: str
    model: str | None
    question: str
    state: SessionState
    last_line: str
    started_at: float
    updated_at: float
    steps: int
    model_calls: int
    tool_calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    reason: str = ""
