"""What was asked of `penguiflow tui`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkbenchOptions:
    """The options of `penguiflow tui`, as they were given."""

    project_root: Path
    agent: str | None = None
    model: str | None = None
    session_id: str | None = None
    mcp_config: Sequence[Path] = ()
    project_servers: bool = False
