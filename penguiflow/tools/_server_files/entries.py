"""The servers in one text: each a config or the reason why it is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import JsonValue, ValidationError

from penguiflow.redaction import redact_text, remember_credentials
from penguiflow.safe_text import SafeText, safe_line
from penguiflow.tools._connecting.secrets import remember_secrets_of
from penguiflow.tools._server_files.json_text import object_at, parse, without_comments
from penguiflow.tools._server_files.names import namespace_of
from penguiflow.tools._server_files.written_server import definition_of
from penguiflow.tools.config import ExternalToolConfig

SERVER_KEYS: Final = ("mcpServers", "servers")
"""The member that holds the servers; VS Code writes `servers`."""

_MAX_SERVERS: Final = 1_000
_MAX_NAME_CHARS: Final = 80
_MAX_MESSAGE_CHARS: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerEntry:
    """A server that a file lists.

    `name` is the namespace of its tools: the name in the file, made safe if it could be none (`notes` says
    so). Either `config` or `problem` is set. A server that is switched off has a config that is not
    `enabled`. `overrides` are the files whose server of this name it takes the place of.
    """

    name: str
    source: Path
    project_root: Path
    config: ExternalToolConfig | None = None
    problem: SafeText | None = None
    notes: tuple[SafeText, ...] = ()
    overrides: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedValue:
    """What stands under the name of a server; `where` is its place in the file."""

    name: str
    value: JsonValue
    where: str


def servers_of_text(text: str) -> list[NamedValue]:
    """Return the servers a file lists, in its order, two of one name both.

    Raises:
        ValueError: it is no list of servers. RecursionError: it is nested too deep.
    """
    document = parse(text)
    if not isinstance(document, dict):
        raise ValueError("is no JSON object")
    key = next((key for key in SERVER_KEYS if key in document), None)
    if key is None:
        raise ValueError(f"{SERVER_KEYS[0]}: Field required")
    if not isinstance(document[key], dict):
        raise ValueError(f"{key}: has to be an object with one member per server")
    plain = without_comments(text)
    servers = object_at(plain).last(key)
    found = object_at(plain, servers.start).members if servers is not None else ()
    return [
        NamedValue(name=member.name, value=member.value, where=f"{key}.{member.name}") for member in found
    ]


def entries_of(servers: Sequence[NamedValue], *, source: Path, project_root: Path) -> list[ServerEntry]:
    """Return one entry per name, in the order of the file.

    A name that is written twice is refused: two readers of the file could take a different one.

    Raises:
        ValueError: there are more servers than anyone has.
    """
    if len(servers) > _MAX_SERVERS:
        raise ValueError(f"lists more than {_MAX_SERVERS} servers")
    written = Counter(server.name for server in servers)
    entries: dict[str, ServerEntry] = {}
    for server in servers:
        entry = _entry(server, source=source, project_root=project_root)
        if written[server.name] > 1:
            entry = _refused(entry, _message(source, server.where, "is there twice: give one another name"))
        elif entry.name in entries:
            other = f"becomes `{entry.name}`, as another server: give one of them another name"
            entry = _refused(_renamed(entry, entries), _message(source, server.where, other))
        entries[entry.name] = entry
    return list(entries.values())


def _entry(server: NamedValue, *, source: Path, project_root: Path) -> ServerEntry:
    shown = safe_line(server.name, max_chars=_MAX_NAME_CHARS)
    name = namespace_of(server.name)
    entry = ServerEntry(name=name or shown, source=source, project_root=project_root)
    if not name:
        what = "the name needs a letter from a to z or a digit, since it begins the names of the tools"
        return _refused(entry, _message(source, server.where, what))
    try:
        config = definition_of(server.value).to_config(name, project_root)
    except ValidationError as error:
        if isinstance(server.value, dict):
            remember_credentials(server.value)
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in (server.where, *first["loc"]))
        return _refused(entry, _message(source, where, first["msg"]))
    except ValueError as error:
        return _refused(entry, _message(source, server.where, str(error)))
    remember_secrets_of(config)
    notes = (safe_line(f"`{shown}` is used as `{name}`"),) if name != server.name else ()
    return ServerEntry(name=name, source=source, project_root=project_root, config=config, notes=notes)


def _refused(entry: ServerEntry, problem: SafeText) -> ServerEntry:
    return ServerEntry(name=entry.name, source=entry.source, project_root=entry.project_root, problem=problem)


def _renamed(entry: ServerEntry, taken: dict[str, ServerEntry]) -> ServerEntry:
    number = next(number for number in range(2, _MAX_SERVERS + 2) if f"{entry.name}_{number}" not in taken)
    return ServerEntry(name=f"{entry.name}_{number}", source=entry.source, project_root=entry.project_root)


def _message(source: Path, where: str, what: str) -> SafeText:
    return safe_line(
        f"`{source}`: {where}: {redact_text(what)}", max_chars=len(str(source)) + _MAX_MESSAGE_CHARS
    )
