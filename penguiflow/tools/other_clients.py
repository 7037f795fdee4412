"""Servers that other MCP clients on this machine know, and taking them into a project's file.

    files = find_clients(home=..., platform=sys.platform, cwd=project_root, environment=...)
    servers = [server for file in files for server in read_client(file, cwd=project_root)]
    result = import_servers(project_root / ".mcp.json", servers)

Files of other clients are only read. A credential that stands in one is not written into the project: the
project's file refers to an environment variable, and the result names the variables to export.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from penguiflow.redaction import redact_text, remember_secret
from penguiflow.safe_text import safe_line
from penguiflow.tools._other_clients.dialects import Definition, translated
from penguiflow.tools._other_clients.literal_secrets import LiteralSecrets, NeededVariable
from penguiflow.tools._other_clients.merging import Merged, merged
from penguiflow.tools._other_clients.places import (
    CLIENT_TITLES,
    ClientFile,
    ClientName,
    client_places,
    find_clients,
)
from penguiflow.tools._server_files.entries import NamedValue, entries_of
from penguiflow.tools._server_files.json_text import parse
from penguiflow.tools._server_files.whole_file import read_small, write_whole
from penguiflow.tools.project import ProjectToolsError, ServerEntry

__all__ = [
    "CLIENT_TITLES",
    "ClientFile",
    "ClientName",
    "ClientServer",
    "Merged",
    "NeededVariable",
    "client_places",
    "find_clients",
    "import_servers",
    "merge_into",
    "read_client",
]

_MAX_BYTES = 50_000_000  # that of Claude Code holds its history too
_KEYS: Mapping[ClientName, str] = {
    "vscode": "servers",
    "codex": "mcp_servers",
    "zed": "context_servers",
    "opencode": "mcp",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientServer:
    """A server of another client; `definition` is what it is in our keys, credentials and all."""

    client: ClientName
    entry: ServerEntry
    definition: Mapping[str, JsonValue] = field(repr=False)

    @property
    def name(self) -> str:
        """The namespace its tools would have."""
        return self.entry.name


def read_client(file: ClientFile, *, cwd: Path) -> list[ClientServer]:
    """Return the servers a client's file lists, none if it lists none; `cwd` is the project they are for.

    A server that cannot be used has an entry with a `problem`.

    Raises:
        ProjectToolsError: the file cannot be read.
    """
    try:
        found = _servers_of(file, cwd)
        named: list[NamedValue] = []
        notes: list[list[str]] = []
        for name, value in found.items():
            result = translated(file.client, value) if isinstance(value, dict) else None
            named.append(
                NamedValue(
                    name=name, value=value if result is None else result.definition, where=f"server {name}"
                )
            )
            notes.append([] if result is None else result.notes)
        entries = entries_of(named, source=file.path, project_root=cwd)
    except (OSError, ValueError, RecursionError) as error:
        raise _unusable(file.path, error) from error
    return [
        _client_server(file.client, _with_notes(entry, more), server.value)
        for entry, more, server in zip(entries, notes, named, strict=True)
    ]


def merge_into(text: str | None, chosen: Sequence[ClientServer], *, replace: bool = False) -> Merged:
    """Return the text of a project's file with the chosen servers in it; None for no file yet.

    Everything else in the text stays as it is. A name that is there is only written over with `replace`;
    servers with a problem are left out.

    Raises:
        ValueError: the text is no list of servers.
    """
    usable = [(server.name, dict(server.definition)) for server in chosen if server.entry.config is not None]
    return merged(text, usable, replace=replace)


def import_servers(path: Path, chosen: Sequence[ClientServer], *, replace: bool = False) -> Merged:
    """Take the chosen servers into a project's file, which is written whole or not at all.

    Raises:
        ProjectToolsError: the file cannot be read or written, or is no list of servers.
    """
    try:
        before = read_small(path) if path.exists() else None
        result = merge_into(before, chosen, replace=replace)
        if result.text != before and (result.added or result.replaced):
            write_whole(path, result.text)
    except (OSError, ValueError, RecursionError) as error:
        raise _unusable(path, error) from error
    return result


def _servers_of(file: ClientFile, cwd: Path) -> Mapping[str, JsonValue]:
    text = read_small(file.path, max_bytes=_MAX_BYTES)
    document = (
        cast("JsonValue", tomllib.loads(text)) if file.client == "codex" else parse(text)
    )  # dates are text
    servers = dict(_object(document, _KEYS.get(file.client, "mcpServers")))
    if file.client == "claude-code":
        project = _object(_object(document, "projects"), str(cwd.resolve()))
        servers |= _object(project, "mcpServers")
    return servers


def _object(value: JsonValue | Mapping[str, JsonValue], key: str) -> Mapping[str, JsonValue]:
    """Return the object under a key, an empty one if there is none."""
    if not isinstance(value, Mapping):
        raise ValueError("is no object of settings")
    found = value.get(key)
    if found is not None and not isinstance(found, dict):
        raise ValueError(f"{key}: has to be an object")
    return found or {}


def _client_server(client: ClientName, entry: ServerEntry, value: JsonValue) -> ClientServer:
    definition: Definition = dict(value) if isinstance(value, dict) else {}
    secrets = LiteralSecrets()
    secrets.replaced(entry.name, definition)
    for value_in_clear in secrets.found.values():
        remember_secret(value_in_clear)
    return ClientServer(client=client, entry=entry, definition=definition)


def _with_notes(entry: ServerEntry, notes: Sequence[str]) -> ServerEntry:
    lines = tuple(safe_line(redact_text(note), max_chars=300) for note in dict.fromkeys(notes))
    return dataclasses.replace(entry, notes=(*entry.notes, *lines))


def _unusable(path: Path, error: OSError | ValueError | RecursionError) -> ProjectToolsError:
    what = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return ProjectToolsError(f"`{safe_line(str(path))}`: {safe_line(redact_text(what), max_chars=300)}")
