"""How far the workbench has come with loading the agent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Loading:
    """The agent is being loaded; `progress` says what is done now."""

    progress: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A session is open. `model_trouble` says why the model cannot be asked, and what to do."""

    agent: str
    model: str | None
    model_trouble: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadFailed:
    """The agent cannot be loaded; nothing can be asked until it is tried again."""

    message: str
    hint: str


Startup: TypeAlias = Loading | Ready | LoadFailed
