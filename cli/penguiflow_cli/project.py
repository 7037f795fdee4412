"""The project folder a command works in, and the private files below `.penguiflow/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A folder with an agent in it, or an empty one."""

    root: Path

    @property
    def state_dir(self) -> Path:
        """Where the history and crash reports of this project live."""
        return self.root / ".penguiflow"

    @property
    def history_path(self) -> Path:
        """The SQLite file with every session of this project."""
        return self.state_dir / "history.sqlite3"

    @property
    def crash_dir(self) -> Path:
        """Where reports of defects are written."""
        return self.state_dir / "crash"

    @property
    def exports_dir(self) -> Path:
        """Where the workbench writes sessions as files."""
        return self.state_dir / "exports"

    def prepare(self) -> None:
        """Create the state folder, readable by its owner only and ignored by git.

        Raises:
            OSError: the folder cannot be created or written.
        """
        self.state_dir.mkdir(mode=0o700, exist_ok=True)
        ignore = self.state_dir / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
