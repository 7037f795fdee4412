"""The history of a project for commands about sessions: what the library refuses is told as a usage error."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from penguiflow.sessions.shelf.errors import ShelfError
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow_cli._errors import CommandError
from penguiflow_cli._history import Reading, read_history
from penguiflow_cli._output import Output
from penguiflow_cli.exit_codes import ExitCode


def with_sessions(project_root: Path, work: Reading, *, json_lines: bool) -> ExitCode:
    """Run a command that works on the stored sessions of a project."""

    async def working(store: SqliteStateStore, output: Output) -> ExitCode:
        with refusals_told():
            return await work(store, output)

    return read_history(project_root, working, json_lines=json_lines)


@contextmanager
def refusals_told() -> Generator[None]:
    """Translate what the library refuses."""
    try:
        yield
    except ShelfError as exc:
        raise CommandError(str(exc), exit_code=ExitCode.USAGE, code=exc.code, hint=exc.hint) from exc
