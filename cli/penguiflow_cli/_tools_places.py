"""Where a person's own decisions and credentials about tool servers are kept: outside of any project."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_config_path


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalFolder:
    """The folder of one person."""

    path: Path

    @classmethod
    def of_this_user(cls) -> PersonalFolder:
        """Return the folder where this system keeps settings."""
        return cls(path=user_config_path("penguiflow", appauthor=False))

    @property
    def trusted_servers(self) -> Path:
        """The servers of projects that may be started."""
        return self.path / "trusted_servers.json"

    @property
    def approved_tools(self) -> Path:
        """What the tools of each server were when they were approved."""
        return self.path / "approved_tools.json"

    @property
    def tokens(self) -> Path:
        """The sign-ins, when a person asked for a file rather than a keyring."""
        return self.path / "tokens.json"
