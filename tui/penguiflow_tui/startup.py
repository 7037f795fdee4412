"""What stands in the chat while nothing was said: how far loading has come, or what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """The agent, or a recording, is being loaded; `progress` says what is done now."""

    progress: str
    what: str = "the agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A session is open. `model_trouble` says why the model cannot be asked, and what to do."""

    agent: str
    model: str | None
    model_trouble: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadFailed:
    """It cannot be loaded. Nothing can be asked of an agent until it is tried again."""

    message: str
    hint: str
    what: str = "the agent"
    may_try_again: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A recording is open and none of its events was played; `events` is their number."""

    title: str
    events: int


Startup: TypeAlias = Loading | Ready | LoadFailed | Recorded
