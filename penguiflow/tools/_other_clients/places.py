"""Where other MCP clients keep their lists of servers, per platform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

ClientName: TypeAlias = Literal[
    "claude-desktop",
    "claude-code",
    "cursor",
    "vscode",
    "windsurf",
    "codex",
    "gemini",
    "zed",
    "opencode",
    "cline",
]

CLIENT_TITLES: Mapping[ClientName, str] = {
    "claude-desktop": "Claude Desktop",
    "claude-code": "Claude Code",
    "cursor": "Cursor",
    "vscode": "VS Code",
    "windsurf": "Windsurf",
    "codex": "Codex",
    "gemini": "Gemini CLI",
    "zed": "Zed",
    "opencode": "opencode",
    "cline": "Cline",
}

_CLINE_FILE = "globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFile:
    """A file of a client that may list servers."""

    client: ClientName
    path: Path

    @property
    def title(self) -> str:
        """The name of the client as people write it."""
        return CLIENT_TITLES[self.client]


def client_places(
    *, home: Path, platform: str, cwd: Path, environment: Mapping[str, str]
) -> list[ClientFile]:
    """Return every file that is looked at, by client and each once; `platform` is as `sys.platform`.

    Files of a project are looked for in `cwd`, and those of Cursor above it too, as Cursor does. The
    project's own `.mcp.json`, which Claude Code shares, is no file of another client.
    """
    folders = _Folders(home=home, platform=platform, environment=environment)
    of_clients: Sequence[tuple[ClientName, Sequence[Path]]] = (
        ("claude-desktop", [folders.settings / "Claude" / "claude_desktop_config.json"]),
        ("claude-code", [home / ".claude.json"]),
        ("cursor", [home / ".cursor/mcp.json", *_upwards(cwd, ".cursor/mcp.json", home)]),
        ("vscode", [folders.vs_code / "mcp.json", cwd / ".vscode/mcp.json"]),
        ("windsurf", [home / ".codeium/windsurf/mcp_config.json"]),
        ("codex", [folders.given("CODEX_HOME", ".codex") / "config.toml", cwd / ".codex/config.toml"]),
        ("gemini", [home / ".gemini/settings.json", cwd / ".gemini/settings.json"]),
        ("zed", [folders.zed / "settings.json", cwd / ".zed/settings.json"]),
        ("opencode", [*_opencode(folders.xdg / "opencode"), *_opencode(cwd)]),
        ("cline", [folders.vs_code / _CLINE_FILE]),
    )
    places = [ClientFile(client=client, path=path) for client, paths in of_clients for path in paths]
    return list(dict.fromkeys(places))


def find_clients(*, home: Path, platform: str, cwd: Path, environment: Mapping[str, str]) -> list[ClientFile]:
    """Return those of `client_places` that exist."""
    places = client_places(home=home, platform=platform, cwd=cwd, environment=environment)
    return [place for place in places if _is_file(place.path)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Folders:
    home: Path
    platform: str
    environment: Mapping[str, str]

    def given(self, variable: str, otherwise: str) -> Path:
        """Return the folder a variable names, if it names a whole path."""
        value = self.environment.get(variable, "")
        folder = Path(value)
        return folder if value and folder.is_absolute() else self.home / otherwise

    @property
    def xdg(self) -> Path:
        return self.given("XDG_CONFIG_HOME", ".config")

    @property
    def settings(self) -> Path:
        """Where programs keep settings on this platform."""
        if self.platform == "darwin":
            return self.home / "Library" / "Application Support"
        if self.platform == "win32":
            value = self.environment.get("APPDATA")
            return Path(value) if value else self.home / "AppData" / "Roaming"
        return self.xdg

    @property
    def vs_code(self) -> Path:
        return self.settings / "Code" / "User"

    @property
    def zed(self) -> Path:
        return self.settings / "Zed" if self.platform == "win32" else self.xdg / "zed"


def _opencode(folder: Path) -> list[Path]:
    return [folder / "opencode.json", folder / "opencode.jsonc"]


def _upwards(start: Path, name: str, home: Path) -> Iterator[Path]:
    for folder in (start, *start.parents):
        yield folder / name
        if folder == home:
            return


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
