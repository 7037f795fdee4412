"""`penguiflow runs`: what the project's runs did, how two of them differ, and what can be made of one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from penguiflow_cli._options import AgentOption, ForceOption, JsonOption, OutputOption, ProjectOption

HELP = """Look at the runs of this project: list, show, follow, compare, replay and export them.

RUN is the id of a run, the beginning of one (4 characters or more), `last`, `last~1` for the one before, or
the trace id of a flow whose events are kept in the history."""

app = typer.Typer(help=HELP, rich_markup_mode=None, no_args_is_help=False)

RunArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="RUN", help="An id, its beginning, `last`, or `last~1`.")
]


@app.command("list")
def list_runs(
    session: Annotated[
        str | None, typer.Option("--session", metavar="ID|NAME|last", help="Only the runs of this session.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many runs to show.")] = 20,
    after: Annotated[str | None, typer.Option("--after", metavar="RUN", help="Go on below this run.")] = None,
    json_lines: JsonOption = False,
    project_root: ProjectOption = Path(),
) -> int:
    """List runs, the one begun last first.

    On a terminal a table; else one line per run of values parted by tabs: id, begin, state, agent, question,
    steps, tool calls, tokens, cost in USD, duration in ms.
    """
    from penguiflow_cli import _runs_list  # noqa: PLC0415 - help must not load the library

    return _runs_list.list_runs(
        _runs_list.ListOptions(
            session=session, limit=limit, after=after, json_lines=json_lines, project_root=project_root
        )
    )


@app.command("show")
def show_run(
    run: RunArgument,
    content: Annotated[
        bool, typer.Option("--content", help="Show prompts and long results whole, not only their sizes.")
    ] = False,
    json_lines: JsonOption = False,
    project_root: ProjectOption = Path(),
) -> int:
    """Show one run step by step; with --json the lines that `penguiflow run --json` wrote."""
    from penguiflow_cli import _runs_show  # noqa: PLC0415 - help must not load the library

    return _runs_show.show_run(
        _runs_show.ShowOptions(run=run, content=content, json_lines=json_lines, project_root=project_root)
    )


@app.command("tail")
def tail_run(
    run: RunArgument,
    lines: Annotated[
        int, typer.Option("--lines", metavar="N", min=0, help="How many of the last lines to begin with.")
    ] = 10,
    from_start: Annotated[bool, typer.Option("--from-start", help="Begin with the first line.")] = False,
    json_lines: JsonOption = False,
    project_root: ProjectOption = Path(),
) -> int:
    """Follow a run until it ends or waits for a person.

    The exit code is that of `penguiflow run`: 0 answered, 1 failed, 4 waiting, 7 stopped, 130 interrupted.
    """
    from penguiflow_cli import _runs_tail  # noqa: PLC0415 - help must not load the library

    return _runs_tail.tail_run(
        _runs_tail.TailOptions(
            run=run,
            lines=None if from_start else lines,
            json_lines=json_lines,
            project_root=project_root,
        )
    )


@app.command("diff")
def diff_runs(
    before: Annotated[str, typer.Argument(metavar="A", help="A run; see `penguiflow runs --help`.")],
    after: Annotated[str, typer.Argument(metavar="B", help="The run to compare it with.")],
    json_lines: Annotated[bool, typer.Option("--json", help="Write one JSON object to stdout.")] = False,
    project_root: ProjectOption = Path(),
) -> int:
    """Compare two runs: tool calls, results, decisions, answer. Ids and times are no change.

    The exit code is 0 when nothing changed, 1 when something did, 2 when a run is not found.
    """
    from penguiflow_cli import _runs_diff  # noqa: PLC0415 - help must not load the library

    return _runs_diff.diff(
        _runs_diff.DiffOptions(before=before, after=after, json_lines=json_lines, project_root=project_root)
    )


@app.command("replay")
def replay_run(
    run: RunArgument,
    speed: Annotated[
        str,
        typer.Option(
            "--speed", metavar="X", help="How fast: 0.5, 1, 2, 4, 16 or another number; 0 or `instant`."
        ),
    ] = "1",
    json_lines: JsonOption = False,
    project_root: ProjectOption = Path(),
) -> int:
    """Play a run again as it happened: at a terminal in the workbench, else as text.

    No agent is loaded and no model is asked. Where nothing happened for more than 2 seconds, 2 seconds are
    played.
    """
    from penguiflow_cli import _runs_replay  # noqa: PLC0415 - help must not load the library

    return _runs_replay.replay(
        _runs_replay.ReplayOptions(run=run, speed=speed, json_lines=json_lines, project_root=project_root)
    )


@app.command("test")
def make_test(
    run: RunArgument,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="DIR", help="Where in the project.  [default: tests/recorded]"
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="What to call it.  [default: the question]")
    ] = None,
    agent: AgentOption = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            "--ignore", metavar="TOOL.ARGUMENT", help="An argument not to compare; may be repeated."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over what is there.")] = False,
    json_lines: JsonOption = False,
    project_root: ProjectOption = Path(),
) -> int:
    """Write a pytest file that replays a run offline and fails when the agent changes."""
    from penguiflow_cli import _runs_test  # noqa: PLC0415 - help must not load the library

    return _runs_test.make_test(
        _runs_test.TestOptions(
            run=run,
            folder=output,
            name=name,
            agent=agent,
            ignored=tuple(ignore or ()),
            force=force,
            json_lines=json_lines,
            project_root=project_root,
        )
    )


@app.command("export")
def export_run(
    run: RunArgument,
    output: OutputOption = "-",
    force: ForceOption = False,
    json_lines: Annotated[
        bool, typer.Option("--json", help="Tell about a written file as one JSON object.")
    ] = False,
    project_root: ProjectOption = Path(),
) -> int:
    """Write a run as JSON lines, with its prompts and large results, for `penguiflow sessions import`."""
    from penguiflow_cli import _runs_export, _sessions_export  # noqa: PLC0415 - help must not load the library

    return _runs_export.export_run(
        run,
        _sessions_export.ExportOptions(
            output=output, force=force, json_lines=json_lines, project_root=project_root
        ),
    )
