"""Run an application in the terminal, in the loop of the caller, and give both back as they were."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from penguiflow_tui.app import WorkbenchApp
from penguiflow_tui.captured_output import CapturedOutput, capture_logging, guard_descriptors
from penguiflow_tui.ports import OpenWorkspace, Recording
from penguiflow_tui.prints import Prints
from penguiflow_tui.session_host import SessionHost
from penguiflow_tui.terminal import exit_on_signals, kept_task_factory, require_terminal, restored_terminal
from penguiflow_tui.terminal_app import TerminalApp
from penguiflow_tui.themes import NIGHT


def _tell_stderr(line: str) -> None:
    sys.stderr.write(f"{line}\n")


async def run_workbench(
    open_workspace: OpenWorkspace,
    *,
    project: str,
    crash_folder: Path,
    session_id: str | None = None,
    theme: str = NIGHT.name,
    tell: Callable[[str], None] = _tell_stderr,
) -> int:
    """Show the workbench until the person leaves, and return the exit code of the process.

    `project` is the name in the status line. `tell` takes a line for the person after the screen is gone:
    after a crash it says where the report is. The workspace and its session are closed before this returns.
    Must be called in the main thread.

    Raises:
        NoTerminalError: standard input or output is no terminal.
    """
    require_terminal()
    host = SessionHost(open_workspace)

    def make_app(prints: Prints) -> WorkbenchApp:
        return WorkbenchApp(
            host,
            project=project,
            crash_folder=crash_folder,
            session_id=session_id,
            theme=theme,
            prints=prints,
        )

    output = CapturedOutput()
    with kept_task_factory(), capture_logging(output):
        try:
            app = await _show(make_app, output)
        finally:
            await host.aclose()
    return _ended(app, tell)


async def run_replay(
    recording: Recording,
    *,
    project: str,
    crash_folder: Path,
    speed: float = 1.0,
    theme: str = NIGHT.name,
    tell: Callable[[str], None] = _tell_stderr,
) -> int:
    """Play a recording until the person leaves; otherwise like `run_workbench`. No agent is loaded.

    Raises:
        NoTerminalError: standard input or output is no terminal.
    """
    # Not with the workbench, whose first picture need not wait for it.
    from penguiflow_tui.replay_app import ReplayApp  # noqa: PLC0415 - see above

    require_terminal()

    def make_app(prints: Prints) -> ReplayApp:
        return ReplayApp(
            recording, project=project, crash_folder=crash_folder, speed=speed, theme=theme, prints=prints
        )

    output = CapturedOutput()
    with kept_task_factory(), capture_logging(output):
        app = await _show(make_app, output)
    return _ended(app, tell)


async def _show(make_app: Callable[[Prints], TerminalApp], output: CapturedOutput) -> TerminalApp:
    """Run the application on the terminal, and return it when its screen is gone."""
    with restored_terminal(), guard_descriptors() as written:
        app = make_app(Prints(output, written))
        with exit_on_signals(lambda code: app.exit(return_code=code)):
            await app.run_async()
    return app


def _ended(app: TerminalApp, tell: Callable[[str], None]) -> int:
    if app.crash is not None:
        tell(f"The workbench ended after an error of its own; the report is in {app.crash}")
    return app.return_code or 0
