"""The history of a project for commands that only read it: no agent is loaded, no file is created."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

from penguiflow.state.errors import StoreError
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow_cli._errors import CommandError
from penguiflow_cli._json_lines import error_line
from penguiflow_cli._lifetime import run_command
from penguiflow_cli._output import Output
from penguiflow_cli.exit_codes import ExitCode
from penguiflow_cli.project import Project

# The two Any are what a coroutine yields and is sent, which only the event loop knows.
Reading: TypeAlias = Callable[[SqliteStateStore, Output], Coroutine[Any, Any, ExitCode]]


def read_history(project_root: Path, reading: Reading, *, json_lines: bool) -> ExitCode:
    """Run a command that reads the project's history; with `json_lines` an error is told on stdout too."""
    project = Project(root=project_root)

    async def read() -> ExitCode:
        output = Output()
        try:
            async with open_history(project) as store:
                return await reading(store, output)
        except CommandError as error:
            if json_lines:
                output.json_line(error_line(error))
            raise

    return run_command(read, project)


@asynccontextmanager
async def open_history(project: Project) -> AsyncGenerator[SqliteStateStore]:
    """Open the history of the project for the time of the block. Others may write it meanwhile.

    Raises:
        CommandError: there is none, or it cannot be read, also later within the block.
    """
    if not project.history_path.is_file():
        raise CommandError(
            f"no run was recorded in `{project.root}` yet",
            exit_code=ExitCode.USAGE,
            code="no_history",
            hint="name the folder of the agent with --project-root, or begin with `penguiflow run QUESTION`.",
        )
    try:
        store = await SqliteStateStore.open(project.history_path)
        try:
            yield store
        finally:
            await store.aclose()
    except StoreError as exc:
        raise CommandError(str(exc), exit_code=ExitCode.FAILED, code=exc.code, hint=exc.hint) from exc


def options_for_project(project_root: Path, started_in: Path) -> Sequence[str]:
    """Return the words that another command needs to reach the same history."""
    return [] if project_root == started_in else ["--project-root", str(project_root)]
