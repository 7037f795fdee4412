"""The history of a project for commands that write it: it is created if need be."""

from __future__ import annotations

from penguiflow.state.errors import StoreError
from penguiflow.state.sqlite import SqliteStateStore
from penguiflow_cli._errors import CommandError
from penguiflow_cli.exit_codes import ExitCode
from penguiflow_cli.project import Project


async def open_or_create_history(project: Project) -> SqliteStateStore:
    """Open the project's history, which is created if need be; the caller closes it.

    Raises:
        CommandError: the folder cannot be written, or the history cannot be read.
    """
    try:
        project.prepare()
        return await SqliteStateStore.open(project.history_path)
    except OSError as exc:
        raise CommandError(
            f"`{project.state_dir}` cannot be written: {exc.strerror or exc}",
            exit_code=ExitCode.FAILED,
            hint="choose a folder of yours with --project-root.",
        ) from exc
    except StoreError as exc:
        raise CommandError(str(exc), exit_code=ExitCode.FAILED, code=exc.code, hint=exc.hint) from exc
