"""The options that more than one command takes, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

AgentOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--agent",
        metavar="MODULE:NAME|demo",
        help="The agent: `pkg.mod:attr`, or `demo` for the bundled one.  [default: the project's own]",
    ),
]
ModelOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--model", metavar="NAME", help="The model the agent asks, for example `openai/gpt-5-mini`."
    ),
]
SessionOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--session",
        metavar="ID|NAME|last",
        help="Go on with this session; `last` is the newest.  [default: a new one]",
    ),
]
ProjectOption: TypeAlias = Annotated[
    Path,
    typer.Option(
        "--project-root",
        metavar="DIR",
        exists=True,
        file_okay=False,
        resolve_path=True,
        help="The folder with the agent; its history is kept in DIR/.penguiflow.",
    ),
]
JsonOption: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Write JSON lines to stdout and nothing else.")
]
OutputOption: TypeAlias = Annotated[
    str, typer.Option("--output", "-o", metavar="FILE|-", help="The file to write; `-` is stdout.")
]
ForceOption: TypeAlias = Annotated[bool, typer.Option("--force", help="Write over a file that is there.")]
ServerFilesOption: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--mcp-config",
        metavar="FILE",
        help="Give the agent the tool servers of this file (`mcpServers`) too; may be repeated.",
    ),
]
ProjectServersOption: TypeAlias = Annotated[
    bool,
    typer.Option("--project-servers", help="Give the agent the tool servers of DIR/.mcp.json too."),
]
