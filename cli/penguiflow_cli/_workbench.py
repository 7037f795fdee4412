"""What `penguiflow tui` does, and `penguiflow runs replay` at a terminal: fill it with a screen."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penguiflow.redaction import remember_credentials
from penguiflow_cli._errors import CommandError, end_with
from penguiflow_cli._workbench_options import WorkbenchOptions
from penguiflow_cli.exit_codes import ExitCode
from penguiflow_cli.project import Project
from penguiflow_tui.terminal import NoTerminalError
from penguiflow_tui.workbench import run_replay, run_workbench

if TYPE_CHECKING:
    from penguiflow_cli._workspace import ProjectWorkspace
    from penguiflow_tui.ports import AskTrust, Recording

_FIRST_SIGNAL = 128


def open_workbench(options: WorkbenchOptions) -> ExitCode:
    """Show the workbench until the person leaves it."""
    project = Project(root=options.project_root)

    async def open_workspace(tell: Callable[[str], None], ask: AskTrust) -> ProjectWorkspace:
        remember_credentials(os.environ)
        # The library loads while the first picture is on the screen already.
        from penguiflow_cli._workbench_servers import open_workbench_workspace  # noqa: PLC0415 - see above

        return await open_workbench_workspace(options, project, tell, ask)

    workbench = run_workbench(
        open_workspace,
        project=project.root.name,
        crash_folder=project.crash_dir,
        session_id=options.session_id,
    )
    return _shown(workbench, project)


def open_replay(
    *,
    project_root: Path,
    open_recording: Callable[[Project], AbstractAsyncContextManager[Recording]],
    speed: float,
) -> ExitCode:
    """Play a recording until the person leaves it; no agent is loaded."""
    project = Project(root=project_root)

    async def play() -> int:
        async with open_recording(project) as recording:
            return await run_replay(
                recording, project=project.root.name, crash_folder=project.crash_dir, speed=speed
            )

    remember_credentials(os.environ)
    return _shown(play(), project)


# The two Any are what a coroutine yields and is sent, which only the event loop knows.
def _shown(screen: Coroutine[Any, Any, int], project: Project) -> ExitCode:
    try:
        # The screen handles signals itself, because it has to be cleared away.
        ended = asyncio.run(screen)
    except NoTerminalError as exc:
        return end_with(CommandError(str(exc), exit_code=ExitCode.USAGE, code="no_terminal", hint=exc.hint))
    except Exception as exc:  # noqa: BLE001 - the last boundary of a command
        return end_with(exc, project)
    if ended >= _FIRST_SIGNAL:
        return ExitCode.INTERRUPTED
    return ExitCode.FAILED if ended else ExitCode.OK
