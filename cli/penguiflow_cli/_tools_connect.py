"""What `penguiflow tools connect` does: show how to reach a server, or reach it and list its tools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penguiflow.registry import ModelRegistry
from penguiflow.tools.config import ExternalToolConfig
from penguiflow.tools.errors import ToolNodeError
from penguiflow.tools.node import ToolNode
from penguiflow.tools.target import config_for_target
from penguiflow_cli._errors import CommandError
from penguiflow_cli._json_lines import LINE_VERSION, error_line
from penguiflow_cli._lifetime import run_command
from penguiflow_cli._output import Output
from penguiflow_cli._server_text import server_lines, server_record
from penguiflow_cli._streams import own_streams
from penguiflow_cli._tools_list import servers_of_project
from penguiflow_cli._tools_text import tool_lines
from penguiflow_cli.exit_codes import ExitCode
from penguiflow_cli.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectOptions:
    """The options of `penguiflow tools connect`, as they were given."""

    target: str
    discover: bool
    timeout_s: float
    env: Sequence[str]
    max_tools: int
    as_json: bool
    project_root: Path


def connect(options: ConnectOptions) -> ExitCode:
    """Run the command to its end.

    Raises:
        CommandError: the target or a variable cannot be understood.
    """
    config = _read_config(options)
    if options.discover:
        return run_command(lambda: _discover(config, options), Project(root=options.project_root))
    output = Output()
    if options.as_json:
        output.json_line(_record(config))
    else:
        for line in server_lines(config):
            output.line(line)
        output.line("Dry run only. Use --discover to fetch tool list.")
    return ExitCode.OK


def read_variables(given: Sequence[str]) -> Mapping[str, str]:
    """Read `KEY=VALUE` words.

    Raises:
        CommandError: a word is not of this form.
    """
    variables: dict[str, str] = {}
    for word in given:
        name, equals, value = word.partition("=")
        if not equals:
            # The word may be the value itself, a secret: it is not repeated whole.
            raise _bad_variable(f"Invalid env override `{word[:12]}`. Expected KEY=VALUE.")
        if not name.strip():
            raise _bad_variable("Invalid env override: KEY cannot be empty.")
        variables[name.strip()] = value
    return variables


def _read_config(options: ConnectOptions) -> ExternalToolConfig:
    variables = read_variables(options.env)
    configured = servers_of_project(options.project_root)
    try:
        config = config_for_target(
            options.target,
            configured=configured,
            timeout_s=options.timeout_s,
            cwd=str(options.project_root),
        )
    except ValueError as exc:
        raise CommandError(
            f"`{options.target}` names no server: {exc}",
            exit_code=ExitCode.USAGE,
            hint="`penguiflow tools list` shows the names; a command or a URL works as well.",
        ) from exc
    return config.model_copy(update={"env": {**config.env, **variables}})


async def _discover(config: ExternalToolConfig, options: ConnectOptions) -> ExitCode:
    with own_streams() as streams:
        try:
            await _connect_and_list(config, options, streams.output)
        except ToolNodeError as exc:
            error = CommandError(exc.message, exit_code=ExitCode.UNREACHABLE, hint=exc.hint)
            if options.as_json:
                streams.output.json_line(error_line(error))
            raise error from exc
    return ExitCode.OK


async def _connect_and_list(config: ExternalToolConfig, options: ConnectOptions, output: Output) -> None:
    server = ToolNode(config, ModelRegistry())
    try:
        await server.connect()
        if options.as_json:
            output.json_line(_record(config) | _discovered(server))
            return
        for line in (*server_lines(config), *_list_tools(server, options.max_tools)):
            output.line(line)
    finally:
        await server.close()


def _record(config: ExternalToolConfig) -> dict[str, Any]:
    return {"v": LINE_VERSION, "type": "server", **server_record(config)}


def _discovered(server: ToolNode) -> dict[str, Any]:
    status = server.status
    return {
        "server": status.server,
        "protocol_version": status.protocol_version,
        "latency_ms": status.latency_ms,
        "tools": [
            {
                "name": spec.name,
                "description": spec.desc,
                "side_effects": spec.side_effects,
                "args_schema": spec.args_model.model_json_schema(),
            }
            for spec in server.get_tool_specs()
        ],
    }


def _list_tools(server: ToolNode, max_tools: int) -> list[str]:
    specs = server.get_tool_specs()
    lines = [f"Discovered {len(specs)} tools:"]
    for spec in specs[:max_tools]:
        lines += tool_lines(spec.name, spec.desc, spec.args_model.model_json_schema())
    if len(specs) > max_tools:
        lines.append(f" ... (+{len(specs) - max_tools} more)")
    return lines


def _bad_variable(message: str) -> CommandError:
    return CommandError(
        message, exit_code=ExitCode.USAGE, hint="for example --env API_URL=http://127.0.0.1:8000"
    )
