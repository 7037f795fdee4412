"""What `penguiflow tools list` does: the servers of files and the presets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from penguiflow.tools.config import ExternalToolConfig
from penguiflow.tools.presets import POPULAR_MCP_SERVERS
from penguiflow.tools.project import ServerEntry, ServerFiles
from penguiflow_cli._errors import CommandError, Messages
from penguiflow_cli._output import Output
from penguiflow_cli._server_text import server_record, server_table
from penguiflow_cli._tools_exit import ToolsExit, process_code
from penguiflow_cli._tools_servers import broken_entry, broken_file, servers_of_files
from penguiflow_cli.exit_codes import ExitCode


def list_servers(project_root: Path, *, mcp_config: Sequence[Path] = (), json_lines: bool) -> ExitCode:
    """Print what the other commands know by name; what is wrong in a file does not hide the rest."""
    files = servers_of_files(project_root, mcp_config)
    entries = sorted(files.entries, key=lambda entry: entry.name)
    presets = sorted(POPULAR_MCP_SERVERS.values(), key=lambda config: config.name)
    if json_lines:
        _write_json(Output(), entries, presets)
    else:
        _write_text(Output(), entries, presets)
    problems = _problems_of(files)
    messages = Messages()
    for problem in problems:
        messages.failure(problem.message, problem.hint)
    return process_code(ToolsExit.USAGE if problems else ToolsExit.OK)


def _problems_of(files: ServerFiles) -> list[CommandError]:
    """Return what is wrong in the files, one error each."""
    return [
        *(broken_file(problem) for problem in files.problems),
        *(broken_entry(entry) for entry in files.entries if entry.problem is not None),
    ]


def _write_json(
    output: Output, entries: Sequence[ServerEntry], presets: Sequence[ExternalToolConfig]
) -> None:
    for entry in entries:
        facts = {"file": str(entry.source), "problem": entry.problem}
        config = server_record(entry.config) if entry.config is not None else {"name": entry.name}
        enabled = entry.config is not None and entry.config.enabled
        output.json_line(
            {"v": 1, "type": "server", "source": "project", "enabled": enabled, **config, **facts}
        )
    for preset in presets:
        output.json_line({"v": 1, "type": "server", "source": "preset", **server_record(preset)})


def _write_text(
    output: Output, entries: Sequence[ServerEntry], presets: Sequence[ExternalToolConfig]
) -> None:
    usable = [entry for entry in entries if entry.config is not None]
    if usable:
        notes = {entry.name: _note(entry) for entry in usable}
        _print_table(
            output, "Tool servers of this project:", [entry.config for entry in usable if entry.config], notes
        )
        output.line()
    _print_table(output, "Presets:", presets, {})


def _note(entry: ServerEntry) -> str:
    """Return what a person would wonder about: a server that is off, or that stands in two files."""
    notes = [] if entry.config is None or entry.config.enabled else ["disabled"]
    if entry.overrides:
        notes.append(
            f"from {entry.source.name}, which replaces {', '.join(path.name for path in entry.overrides)}"
        )
    return "; ".join([*notes, *entry.notes])


def _print_table(
    output: Output, heading: str, configs: Sequence[ExternalToolConfig], notes: dict[str, str]
) -> None:
    output.line(heading)
    heads, rows = server_table(configs)[:2], server_table(configs)[2:]
    for row in heads:
        output.line(row)
    for config, row in zip(configs, rows, strict=True):
        note = notes.get(config.name)
        output.line(f"{row}  ({note})" if note else row)
