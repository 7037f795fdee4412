"""The `penguiflow` command: registers the commands and turns whatever ends them into an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from penguiflow_cli.commands import run, runs, sessions, tools, tui
from penguiflow_cli.exit_codes import ExitCode, exit_code_table

# "\b" keeps the lines of a paragraph from being joined.
_EPILOG = "\b\nExit codes:\n" + exit_code_table()

app = typer.Typer(
    name="penguiflow",
    help="PenguiFlow CLI - run, watch and approve agents from the terminal.",
    epilog=_EPILOG,
    rich_markup_mode=None,  # importing Rich would double the time to the help text
    pretty_exceptions_enable=False,
)
app.command("tui")(tui.tui)
app.command("run", epilog=run.EPILOG)(run.run)
app.add_typer(runs.app, name="runs")
app.add_typer(sessions.app, name="sessions")
app.add_typer(tools.app, name="tools")


def _show_version(wanted: bool) -> None:
    if wanted:
        from penguiflow._version import __version__  # noqa: PLC0415 - help must not load the library

        typer.echo(f"penguiflow, version {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def penguiflow(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """Show the help when no command is given."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def main() -> NoReturn:
    """Run the command line of this process."""
    _fill_closed_descriptors()
    sys.exit(exit_code_of(sys.argv[1:]))


def _fill_closed_descriptors() -> None:
    """Point standard streams that were closed (`2>&-`) to nowhere.

    The next file to be opened would get the free number, and a stray print would end up in a database.
    """
    for descriptor, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
            setattr(sys, name, os.fdopen(descriptor, "r" if descriptor == 0 else "w", encoding="utf-8"))


def exit_code_of(arguments: Sequence[str]) -> int:
    """Run one command line in this process and return its exit code."""
    try:
        ended = app(args=list(arguments), prog_name="penguiflow", standalone_mode=False)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Exception as exc:  # noqa: BLE001 - the last boundary: each error becomes a message and a code
        from penguiflow_cli._errors import end_with  # noqa: PLC0415 - help must not load the library

        return end_with(exc)
    return ended if isinstance(ended, int) else ExitCode.OK
