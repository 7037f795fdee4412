"""Tool servers that files name: a project's `.mcp.json` and `mcp.json`, the files other MCP hosts read too,
and files given by hand.

    {"mcpServers": {
        "notes": {"command": "python", "args": ["notes.py"], "env": {"MODE": "${MODE:-quiet}"}},
        "wiki": {"url": "https://wiki.example/mcp", "headers": {"Authorization": "Bearer ${KEY}"}},
        "shop": {"transport": "openapi", "url": "https://shop.example/openapi.json", "timeout_s": 10}}}

`${VAR}`, `${VAR:-default}` and `${env:VAR}` are replaced when connecting, not here. A command runs in the
project's folder unless `cwd` says another. `type` or `transport` is `stdio`, `http` (also `streamable-http`),
`sse`, or one no other host has: `openapi`, `utcp`, `cli`. Further keys are those of `ExternalToolConfig`
(`timeout_s`, `tool_filter`, `approval_filter`, `auth_type` with `auth_config`, ...), `auth`, and `disabled`
or `enabled`. Comments, commas too many and `servers` instead of `mcpServers` are taken, as VS Code writes
them; Claude Desktop and Claude Code refuse a file with comments.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from penguiflow.redaction import redact_text
from penguiflow.safe_text import SafeText, safe_line
from penguiflow.tools._server_files.entries import ServerEntry, entries_of, servers_of_text
from penguiflow.tools._server_files.whole_file import read_small
from penguiflow.tools.config import ExternalToolConfig

__all__ = [
    "PROJECT_FILES",
    "FileProblem",
    "ProjectToolsError",
    "ServerEntry",
    "ServerFiles",
    "project_servers",
    "read_servers",
    "server_file_entries",
]

PROJECT_FILES: Final = (".mcp.json", "mcp.json")
"""The files looked for in a project; a server of the first takes the place of one of the second."""

_MAX_MESSAGE_CHARS: Final = 300


class ProjectToolsError(ValueError):
    """The file is no list of servers; the message names the file and the place in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProblem:
    """A file none of whose servers can be used; the message names it."""

    path: Path
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFiles:
    """What all files together list."""

    entries: tuple[ServerEntry, ...] = ()
    problems: tuple[FileProblem, ...] = ()

    @property
    def configs(self) -> list[ExternalToolConfig]:
        """The configs of all entries without a problem, those that are switched off too."""
        return [entry.config for entry in self.entries if entry.config is not None]


def project_servers(project_root: Path) -> Sequence[ExternalToolConfig]:
    """Return the enabled servers of the project's files, as `read_servers` does; none without a file.

    For a program that wants all of them or an error.

    Raises:
        ProjectToolsError: a file cannot be read or says something that is no server.
    """
    files = read_servers(project_root)
    if files.problems:
        raise ProjectToolsError(files.problems[0].message)
    return _enabled(files.entries)


def read_servers(project_root: Path, extra_files: Sequence[Path] = ()) -> ServerFiles:
    """Return the servers of the project's files and of further ones, in the order they are first named.

    Of two servers with one name that of the later file counts; a project's `.mcp.json` comes after its
    `mcp.json`, further files come in their order. What is wrong is part of the result.
    """
    entries: dict[str, ServerEntry] = {}
    problems: list[FileProblem] = []
    own = [project_root / name for name in reversed(PROJECT_FILES)]
    for path in (*(path for path in own if path.is_file()), *extra_files):
        try:
            found = server_file_entries(path, project_root)
        except ProjectToolsError as error:
            problems.append(FileProblem(path=path, message=str(error)))
            continue
        for entry in found:
            replaced = entries.get(entry.name)
            before = (*replaced.overrides, replaced.source) if replaced is not None else ()
            entries[entry.name] = dataclasses.replace(entry, overrides=before)
    return ServerFiles(entries=tuple(entries.values()), problems=tuple(problems))


def server_file_entries(path: Path, project_root: Path) -> list[ServerEntry]:
    """Return the servers of one file; an entry that is wrong takes none of the others along.

    Raises:
        ProjectToolsError: the file cannot be read or lists no servers.
    """
    try:
        return entries_of(servers_of_text(read_small(path)), source=path, project_root=project_root)
    except (OSError, ValueError, RecursionError) as error:
        raise ProjectToolsError(f"`{safe_line(str(path))}`: {_short(error)}") from error


def _short(error: OSError | ValueError | RecursionError) -> SafeText:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return safe_line(redact_text(text), max_chars=_MAX_MESSAGE_CHARS)


def _enabled(entries: Sequence[ServerEntry]) -> list[ExternalToolConfig]:
    for entry in entries:
        if entry.problem is not None:
            raise ProjectToolsError(entry.problem)
    return [entry.config for entry in entries if entry.config is not None and entry.config.enabled]
