"""`penguiflow sessions`: list, name, put away, fork, export, import and throw away sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from penguiflow_cli._options import ForceOption, JsonOption, OutputOption, ProjectOption

HELP = """Keep the sessions of this project: list, name, archive, fork, export, import and prune them.

SESSION is the id of a session, its name, the beginning of its id, or `last` for the one changed last."""

app = typer.Typer(help=HELP, rich_markup_mode=None, no_args_is_help=False)

SessionArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="SESSION", help="An id, its beginning, a name, or `last`.")
]
SessionsArgument: TypeAlias = Annotated[
    list[str], typer.Argument(metavar="SESSION...", help="Ids, their beginnings, names, or `last`.")
]


@app.command("list")
def list_sessions(
    archived: Annotated[bool, typer.Option("--archived", help="Only those that were put away.")] = False,
    all_sessions: Annotated[bool, typer.Option("--all", help="Also those that were put away.")] = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="How many to show.")] = 20,
    after: Annotated[
        str | None, typer.Option("--after", metavar="SESSION", help="Go on below this session.")
    ] = None,
    json_lines: JsonOption = False,
    project_root: ProjectOption = Path(),
) -> int:
    """List sessions, the one changed last first.

    On a terminal a table; else one line per session of values parted by tabs: id, last change, state, name,
    first question, runs, cost in USD, `archived` or nothing, the session it was forked from or nothing.
    """
    from penguiflow_cli import _sessions_list  # noqa: PLC0415 - help must not load the library

    return _sessions_list.list_sessions(
        _sessions_list.ListOptions(
            archived=None if all_sessions else archived,
            limit=limit,
            after=after,
            json_lines=json_lines,
            project_root=project_root,
        )
    )


@app.command("show")
def show_session(
    session: SessionArgument, json_lines: JsonOption = False, project_root: ProjectOption = Path()
) -> int:
    """Show one session: what it is, and its newest runs. With --json one line for it and one for each run."""
    from penguiflow_cli import _sessions_show  # noqa: PLC0415 - help must not load the library

    return _sessions_show.show_session(session, project_root, json_lines=json_lines)


@app.command("name")
def name_session(
    session: SessionArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name; '' takes it away.")],
    json_lines: JsonOption = False,
    project_root: ProjectOption = Path(),
) -> int:
    """Give a session a name, which then stands for its id everywhere."""
    from penguiflow_cli import _sessions_marks  # noqa: PLC0415 - help must not load the library

    return _sessions_marks.name(session, name, project_root, json_lines=json_lines)


@app.command("archive")
def archive_sessions(
    sessions: SessionsArgument, json_lines: JsonOption = False, project_root: ProjectOption = Path()
) -> int:
    """Put sessions away: lists leave them out; nothing is removed."""
    from penguiflow_cli import _sessions_marks  # noqa: PLC0415 - help must not load the library

    return _sessions_marks.archive(sessions, project_root, archived=True, json_lines=json_lines)


@app.command("restore")
def restore_sessions(
    sessions: SessionsArgument, json_lines: JsonOption = False, project_root: ProjectOption = Path()
) -> int:
    """Take sessions back that were put away."""
    from penguiflow_cli import _sessions_marks  # noqa: PLC0415 - help must not load the library

    return _sessions_marks.archive(sessions, project_root, archived=False, json_lines=json_lines)


@app.command("fork")
def fork_session(
    session: SessionArgument,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="RUN",
            help="The last run to take over: an id, its beginning, or `last~1`.  [default: the last one]",
        ),
    ] = None,
    json_lines: JsonOption = False,
    project_root: ProjectOption = Path(),
) -> int:
    """Begin a new session that goes on from this one, and print its id."""
    from penguiflow_cli import _sessions_fork  # noqa: PLC0415 - help must not load the library

    return _sessions_fork.fork(session, at, project_root, json_lines=json_lines)


@app.command("export")
def export_session(
    session: SessionArgument,
    output: OutputOption = "-",
    with_parents: Annotated[
        bool, typer.Option("--with-parents", help="Also what a fork took over of its parents.")
    ] = False,
    force: ForceOption = False,
    json_lines: Annotated[
        bool, typer.Option("--json", help="Tell about a written file as one JSON object.")
    ] = False,
    project_root: ProjectOption = Path(),
) -> int:
    """Write a session as JSON lines, with its prompts and large results, for `sessions import`."""
    from penguiflow_cli import _sessions_export  # noqa: PLC0415 - help must not load the library

    return _sessions_export.export_session(
        session,
        _sessions_export.ExportOptions(
            output=output, force=force, json_lines=json_lines, project_root=project_root
        ),
        with_parents=with_parents,
    )


@app.command("import")
def import_sessions(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What an export wrote; `-` is stdin.")],
    as_id: Annotated[
        str | None, typer.Option("--as", metavar="ID", help="Give the session this id instead of its own.")
    ] = None,
    json_lines: JsonOption = False,
    project_root: ProjectOption = Path(),
) -> int:
    """Take in an exported session or run, and print the id of the session.

    The whole file is checked before anything is written. What is there already is skipped.
    """
    from penguiflow_cli import _sessions_import  # noqa: PLC0415 - help must not load the library

    return _sessions_import.import_file(file, as_id, project_root, json_lines=json_lines)


@app.command("prune")
def prune_sessions(
    older_than: Annotated[
        str | None,
        typer.Option("--older-than", metavar="TIME", help="Not changed for so long: 30d, 12h, 90m, 2w."),
    ] = None,
    archived_only: Annotated[
        bool, typer.Option("--archived-only", help="Only those that were put away.")
    ] = False,
    keep: Annotated[
        int | None, typer.Option("--keep", metavar="N", min=0, help="Keep the N changed last in any case.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="Also sessions that wait or work, and the past of kept forks."),
    ] = False,
    json_lines: JsonOption = False,
    project_root: ProjectOption = Path(),
) -> int:
    """Remove old sessions for good, with their memories and waiting runs, and free the disk.

    Asks before it does so; where nobody can be asked it needs --yes.
    """
    from penguiflow_cli import _sessions_prune  # noqa: PLC0415 - help must not load the library

    return _sessions_prune.prune(
        _sessions_prune.PruneOptions(
            older_than=older_than,
            archived_only=archived_only,
            keep=keep,
            force=force,
            dry_run=dry_run,
            yes=yes,
            json_lines=json_lines,
            project_root=project_root,
        )
    )
