"""What `penguiflow tools connect` does: show how to reach a server, or reach it and list its tools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from penguiflow_cli._json_lines import LINE_VERSION
from penguiflow_cli._lifetime import run_command
from penguiflow_cli._output import Output
from penguiflow_cli._server_text import server_lines, server_record
from penguiflow_cli._streams import OwnStreams
from penguiflow_cli._tools_errand import run_on_server
from penguiflow_cli._tools_node_text import connection_lines, connection_record, listed_tools
from penguiflow_cli._tools_open import OpenServer
from penguiflow_cli._tools_person import Person
from penguiflow_cli._tools_review import review_changes
from penguiflow_cli._tools_servers import ChosenServer, ServerOptions, choose_server
from penguiflow_cli.exit_codes import ExitCode
from penguiflow_cli.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectOptions:
    """The options of `penguiflow tools connect`, as they were given."""

    server: ServerOptions
    discover: bool
    show_tools: bool = True
    max_tools: int = 20
    approve_changes: bool = False
    as_json: bool = False


def connect(options: ConnectOptions) -> ExitCode:
    """Run the command to its end.

    Raises:
        CommandError: the target or a variable cannot be understood.
    """
    chosen = choose_server(options.server)
    if options.discover:
        project = Project(root=options.server.project_root)
        return run_command(lambda: _discover(chosen, options), project)
    output = Output()
    if options.as_json:
        output.json_line(_record(chosen))
    else:
        for line in server_lines(chosen.config, is_preset=chosen.is_preset):
            output.line(line)
        output.line("Dry run only. Use --discover to fetch tool list.")
    return ExitCode.OK


async def _discover(chosen: ChosenServer, options: ConnectOptions) -> ExitCode:
    async def show(server: OpenServer, person: Person, streams: OwnStreams) -> None:
        if options.approve_changes:
            await review_changes(server, person)
        if options.as_json:
            streams.output.json_line(_record(chosen) | connection_record(server.node))
            return
        for line in _lines(chosen, server, options):
            streams.output.line(line)

    return await run_on_server(chosen, options.server, show, as_json=options.as_json)


def _lines(chosen: ChosenServer, server: OpenServer, options: ConnectOptions) -> list[str]:
    lines = server_lines(chosen.config, is_preset=chosen.is_preset)
    lines += connection_lines(server.node)
    if server.missing_token is not None:
        lines.append(f"Token:      calls need one: {server.missing_token}")
    if options.show_tools:
        lines += ["", *listed_tools(server.node, options.max_tools)]
    return lines


def _record(chosen: ChosenServer) -> dict[str, Any]:
    return {"v": LINE_VERSION, "type": "server", **server_record(chosen.config)}
