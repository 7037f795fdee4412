"""What `penguiflow tui` does: open the workbench on the project."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from penguiflow_cli._errors import CommandError, end_with
from penguiflow_cli.exit_codes import ExitCode
from penguiflow_cli.project import Project
from penguiflow_tui.terminal import NoTerminalError
from penguiflow_tui.workbench import run_workbench

if TYPE_CHECKING:
    from penguiflow_cli._workspace import ProjectWorkspace

_FIRST_SIGNAL = 128


def open_workbench(
    *, project_root: Path, agent: str | None, model: str | None, session_id: str | None
) -> ExitCode:
    """Show the workbench until the person leaves it."""
    project = Project(root=project_root)

    async def open_workspace(tell: Callable[[str], None]) -> ProjectWorkspace:
        # The library loads while the first picture is on the screen already.
        from penguiflow_cli._agents import AgentChoice  # noqa: PLC0415 - see above
        from penguiflow_cli._workspace import ProjectWorkspace  # noqa: PLC0415 - see above

        return await ProjectWorkspace.open(project, AgentChoice(target=agent, model=model), tell)

    workbench = run_workbench(
        open_workspace,
        project=project.root.name,
        crash_folder=project.crash_dir,
        session_id=session_id,
    )
    try:
        # The workbench handles signals itself, because it has a screen to clear away.
        ended = asyncio.run(workbench)
    except NoTerminalError as exc:
        return end_with(CommandError(str(exc), exit_code=ExitCode.USAGE, code="no_terminal", hint=exc.hint))
    except Exception as exc:  # noqa: BLE001 - the last boundary of a command
        return end_with(exc, project)
    if ended >= _FIRST_SIGNAL:
        return ExitCode.INTERRUPTED
    return ExitCode.FAILED if ended else ExitCode.OK
