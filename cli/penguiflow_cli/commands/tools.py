"""`penguiflow tools`: which tool servers are known, and what one of them offers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from penguiflow_cli._options import ProjectOption

app = typer.Typer(
    help="List known tool servers and look at what one offers.",
    rich_markup_mode=None,
    no_args_is_help=False,
)


@app.command("list")
def list_servers(
    json_lines: Annotated[bool, typer.Option("--json", help="Write one JSON object per server.")] = False,
    project_root: ProjectOption = Path(),
) -> int:
    """List the servers of this project (.mcp.json) and the presets."""
    from penguiflow_cli import _tools_list  # noqa: PLC0415 - help must not load the library

    return _tools_list.list_servers(project_root, json_lines=json_lines)


@app.command("connect")
def connect(
    target: Annotated[
        str,
        typer.Argument(
            metavar="NAME|COMMAND|URL",
            help="A server of this project or a preset, a command line, or the URL of a server.",
        ),
    ],
    discover: Annotated[
        bool, typer.Option("--discover", help="Connect and list the tools; without it nothing is started.")
    ] = False,
    timeout_s: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=1, max=300, help="How long to wait.")
    ] = 15,
    env: Annotated[
        list[str] | None,
        typer.Option("--env", metavar="KEY=VALUE", help="A variable for the server; may be repeated."),
    ] = None,
    max_tools: Annotated[int, typer.Option("--max-tools", min=0, help="How many tools to show.")] = 20,
    json_lines: Annotated[bool, typer.Option("--json", help="Write one JSON object to stdout.")] = False,
    project_root: ProjectOption = Path(),
) -> int:
    """Show how a tool server would be reached; with --discover, connect and list its tools."""
    from penguiflow_cli import _tools_connect  # noqa: PLC0415 - help must not load the library

    return _tools_connect.connect(
        _tools_connect.ConnectOptions(
            target=target,
            discover=discover,
            timeout_s=timeout_s,
            env=tuple(env or ()),
            max_tools=max_tools,
            as_json=json_lines,
            project_root=project_root,
        )
    )
