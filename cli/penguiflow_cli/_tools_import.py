"""What `penguiflow tools import` does: take the servers of other programs into the file of this project."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from penguiflow.tools.other_clients import (
    ClientFile,
    ClientServer,
    Merged,
    find_clients,
    import_servers,
    merge_into,
    read_client,
)
from penguiflow.tools.project import PROJECT_FILES, ProjectToolsError
from penguiflow_cli._cells import fit, pad
from penguiflow_cli._errors import CommandError, Messages
from penguiflow_cli._json_lines import LINE_VERSION
from penguiflow_cli._output import Output
from penguiflow_cli._server_text import masked_target
from penguiflow_cli._tools_error import tools_error, usage_error
from penguiflow_cli._tools_exit import ToolsExit
from penguiflow_cli._tools_values import closest
from penguiflow_cli.exit_codes import ExitCode

_CLIENT, _NAME = 16, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """The options of `penguiflow tools import`, as they were given."""

    client: str | None = None
    every: bool = False
    only: Sequence[str] = ()
    replace: bool = False
    dry_run: bool = False
    as_json: bool = False
    project_root: Path


def import_from_clients(options: ImportOptions) -> ExitCode:
    """List what there is, or take it.

    Raises:
        CommandError: there is no such program or server, or the project's file cannot be written.
    """
    files = find_clients(
        home=Path.home(), platform=sys.platform, cwd=options.project_root, environment=os.environ
    )
    chosen_files = _files(files, options)
    servers = _servers(chosen_files, options)
    if options.client is None and not options.every:
        _list(servers, files, options)
        return ExitCode.OK
    chosen = _chosen(servers, options)
    merged = _merge(chosen, options)
    _tell(merged, options)
    return ExitCode.OK


def _files(files: Sequence[ClientFile], options: ImportOptions) -> Sequence[ClientFile]:
    if options.client is None:
        return files
    wanted = options.client.lower()
    found = [file for file in files if file.client == wanted]
    if not found:
        known = list(dict.fromkeys(file.client for file in files))
        meant = closest(wanted, known)
        hint = f"found here: {', '.join(known)}" if known else "no file of any known program was found here."
        raise usage_error(
            f"no servers of `{wanted}` were found", f"did you mean `{meant}`? {hint}" if meant else hint
        )
    return found


def _servers(files: Sequence[ClientFile], options: ImportOptions) -> list[ClientServer]:
    """Return the servers in the files; a file that cannot be read does not hide those of others."""
    servers: list[ClientServer] = []
    messages = Messages()
    for file in files:
        try:
            servers += read_client(file, cwd=options.project_root)
        except ProjectToolsError as error:
            messages.note(f"! {error}")
    return servers


def _chosen(servers: Sequence[ClientServer], options: ImportOptions) -> list[ClientServer]:
    """Return the servers to take: of two with one name the first, and none that is broken."""
    names = [server.name for server in servers]
    unknown = [name for name in options.only if name not in names]
    if unknown:
        meant = closest(unknown[0], names)
        raise usage_error(
            f"there is no server `{unknown[0]}` to import",
            f"did you mean `{meant}`?" if meant else f"there are {', '.join(names) or 'none'}",
        )
    messages = Messages()
    chosen: dict[str, ClientServer] = {}
    for server in servers:
        if options.only and server.name not in options.only:
            continue
        if server.entry.problem is not None:
            messages.note(f"! `{server.name}` of {server.client} is left out: {server.entry.problem}")
        elif server.name in chosen:
            first = chosen[server.name].client
            messages.note(f"! `{server.name}` of {server.client} is left out: {first} has one of that name")
        else:
            chosen[server.name] = server
    return list(chosen.values())


def _target(options: ImportOptions) -> Path:
    return options.project_root / PROJECT_FILES[0]


def _merge(chosen: Sequence[ClientServer], options: ImportOptions) -> Merged:
    path = _target(options)
    try:
        if options.dry_run:
            text = path.read_text(encoding="utf-8") if path.exists() else None
            return merge_into(text, chosen, replace=options.replace)
        return import_servers(path, chosen, replace=options.replace)
    except ProjectToolsError as error:
        raise usage_error(str(error), "correct the file and try again.", code="bad_server_file") from error
    except OSError as error:
        raise _not_written(path, error) from error


def _not_written(path: Path, error: OSError) -> CommandError:
    return tools_error(
        f"`{path}` cannot be written: {error.strerror or error}",
        ToolsExit.FAILED,
        hint="make the folder writable, or choose another with --project-root.",
        code="file_not_written",
    )


def _tell(merged: Merged, options: ImportOptions) -> None:
    output, path = Output(), _target(options)
    if options.as_json:
        output.json_line(
            {
                "v": LINE_VERSION,
                "type": "import",
                "file": str(path),
                "dry_run": options.dry_run,
                "added": list(merged.added),
                "replaced": list(merged.replaced),
                "kept": list(merged.kept),
                "variables": [
                    {"name": needed.name, "server": needed.server, "place": needed.place}
                    for needed in merged.variables
                ],
            }
        )
        return
    verb = ("would add", "would replace") if options.dry_run else ("✓ added", "✓ replaced")
    for names, word in ((merged.added, verb[0]), (merged.replaced, verb[1])):
        for name in names:
            output.line(f"{word} {name}")
    for name in merged.kept:
        output.line(f"- kept {name}, which is there already (--replace takes the other)")
    if not (merged.added or merged.replaced or merged.kept):
        output.line("Nothing to import.")
    if merged.variables:
        output.line("Secrets are not copied. Set these variables before you connect:")
        for needed in merged.variables:
            output.line(f"  export {needed.name}=...   # {needed.place} of {needed.server}")
    output.line(f"Dry run: {path} was not changed." if options.dry_run else f"File: {path}")


def _list(servers: Sequence[ClientServer], files: Sequence[ClientFile], options: ImportOptions) -> None:
    output = Output()
    if options.as_json:
        for server in servers:
            output.json_line({"v": LINE_VERSION, "type": "server", **_record(server)})
        return
    if not servers:
        output.line("No tool servers of other programs were found.")
        return
    output.line(f"{'PROGRAM':<{_CLIENT}}{'NAME':<{_NAME}}CONNECTION")
    for server in servers:
        name = pad(fit(server.name, _NAME - 2), _NAME)
        output.line(f"{server.client:<{_CLIENT}}{name}{_where(server)}")
    output.line()
    output.line(f"Take them with: penguiflow tools import {servers[0].client}, or --all")


def _where(server: ClientServer) -> str:
    if server.entry.config is None:
        return f"! {server.entry.problem}"
    return masked_target(server.entry.config)


def _record(server: ClientServer) -> dict[str, object]:
    config = server.entry.config
    return {
        "source": server.client,
        "name": server.name,
        "file": str(server.entry.source),
        "connection": masked_target(config) if config is not None else None,
        "problem": server.entry.problem,
    }
