"""`penguiflow run`: one question, or the answer to a pause, without the workbench."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from penguiflow_cli._options import (
    AgentOption,
    JsonOption,
    ModelOption,
    ProjectOption,
    ProjectServersOption,
    ServerFilesOption,
    SessionOption,
)

EPILOG = """\b
A run that needs a person prints a token and ends with exit code 4. Go on with
  penguiflow run --resume TOKEN --input approve
  penguiflow run --resume TOKEN --input 'reject: REASON'
  penguiflow run --resume TOKEN --input 'respond: TEXT'
  penguiflow run --resume TOKEN --input '{"decision": "edit", "args": {...}}'

\b
JSON lines have "v": 1 and "type": run_started, step, model_call, action, text,
tool_call, tool_output, tool_result, connection, output, decision, note and more;
the last line is pause, result, error or interrupted.

\b
Exit codes: see `penguiflow --help`."""


def run(
    question: Annotated[str | None, typer.Argument(metavar="QUESTION", help="What to ask the agent.")] = None,
    resume: Annotated[
        str | None,
        typer.Option("--resume", metavar="TOKEN", help="Go on with the run that waits under TOKEN."),
    ] = None,
    reply: Annotated[
        str | None, typer.Option("--input", metavar="TEXT", help="The decision or reply for the waiting run.")
    ] = None,
    recover: Annotated[
        str | None,
        typer.Option(
            "--recover", metavar="TOKEN", help="Go on with a run whose process died after it was answered."
        ),
    ] = None,
    json_lines: JsonOption = False,
    agent: AgentOption = None,
    model: ModelOption = None,
    session: SessionOption = None,
    mcp_config: ServerFilesOption = None,
    project_servers: ProjectServersOption = False,
    trust: Annotated[
        bool, typer.Option("--trust", help="Start the servers of these files, now and later, without asking.")
    ] = False,
    project_root: ProjectOption = Path(),
) -> int:
    """Ask the agent one question and print its answer."""
    from penguiflow_cli import _ask, _errand  # noqa: PLC0415 - help must not load the library

    return _ask.ask(
        _errand.RunOptions(
            question=question,
            resume=resume,
            reply=reply,
            recover=recover,
            json_lines=json_lines,
            agent=agent,
            model=model,
            session_id=session,
            mcp_config=tuple(mcp_config or ()),
            project_servers=project_servers,
            trust=trust,
            project_root=project_root,
        )
    )
