"""What `penguiflow tools list` does: the servers of the project and the presets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from penguiflow.tools.config import ExternalToolConfig
from penguiflow.tools.presets import POPULAR_MCP_SERVERS
from penguiflow.tools.project import ProjectToolsError, project_servers
from penguiflow_cli._errors import CommandError
from penguiflow_cli._output import Output
from penguiflow_cli._server_text import server_record, server_table
from penguiflow_cli.exit_codes import ExitCode


def list_servers(project_root: Path, *, json_lines: bool) -> ExitCode:
    """Print what `tools connect` knows by name.

    Raises:
        CommandError: the project's list of servers cannot be read.
    """
    own = sorted(servers_of_project(project_root), key=lambda config: config.name)
    presets = sorted(POPULAR_MCP_SERVERS.values(), key=lambda config: config.name)
    output = Output()
    if json_lines:
        for source, configs in (("project", own), ("preset", presets)):
            for config in configs:
                output.json_line({"v": 1, "type": "server", "source": source, **server_record(config)})
        return ExitCode.OK
    if own:
        _print_table(output, "Tool servers of this project:", own)
        output.line()
    _print_table(output, "Presets:", presets)
    return ExitCode.OK


def servers_of_project(project_root: Path) -> Sequence[ExternalToolConfig]:
    """Return the servers that the project's file names.

    Raises:
        CommandError: the file cannot be read.
    """
    try:
        return project_servers(project_root)
    except ProjectToolsError as exc:
        raise CommandError(
            str(exc), exit_code=ExitCode.USAGE, code="bad_server_file", hint="correct the file and try again."
        ) from exc


def _print_table(output: Output, heading: str, configs: Sequence[ExternalToolConfig]) -> None:
    output.line(heading)
    for row in server_table(configs):
        output.line(row)
