"""The workbench application. It loads the agent after the first paint, switches sessions, and shows errors.

What it shows is not its own: the `SessionHost` is closed by whoever runs the application, after the screen
is gone, so closing may take its time and the terminal is free already.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.worker import Worker, WorkerState

from penguiflow._clock import MonotonicClock, WallClock, monotonic_clock, wall_clock
from penguiflow.safe_text import safe_line
from penguiflow_tui.captured_output import CapturedOutput
from penguiflow_tui.chat_messages import CopyRequested, WorkFailed
from penguiflow_tui.crash import write_crash_report
from penguiflow_tui.keys import bindings_of, shown_key
from penguiflow_tui.prints import Prints
from penguiflow_tui.screens.run import RunScreen
from penguiflow_tui.session_host import SessionHost
from penguiflow_tui.startup import LoadFailed, Loading, Ready
from penguiflow_tui.themes import ANSWER_STYLES, NIGHT, THEMES

if TYPE_CHECKING:
    from textual.command import Provider

_ERROR_CHARS = 300


def _palette() -> type[Provider]:
    from penguiflow_tui.palette import WorkbenchCommands  # noqa: PLC0415 - not for the first paint

    return WorkbenchCommands


class WorkbenchApp(App[None]):
    """One screen on one session. `crash` is the report file, when it ended by an error."""

    TITLE = "penguiflow"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("everywhere")]
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_palette}
    PAUSE_GC_ON_SCROLL = True

    def __init__(
        self,
        host: SessionHost,
        *,
        project: str,
        crash_folder: Path,
        session_id: str | None = None,
        theme: str = NIGHT.name,
        prints: Prints | None = None,
        clock: WallClock = wall_clock,
        ticks: MonotonicClock = monotonic_clock,
    ) -> None:
        super().__init__()
        self.host = host
        self.crash: Path | None = None
        self._crashed = False
        self._project = project
        self._crash_folder = crash_folder
        self._session_id = session_id
        self._clock = clock
        for each in THEMES:
            self.register_theme(each)
        self.theme = theme
        self._prints = prints or Prints(CapturedOutput())
        self.run_screen = RunScreen(project=project, prints=self._prints, ticks=ticks)

    def get_default_screen(self) -> RunScreen:
        return self.run_screen

    def on_mount(self) -> None:
        self._prints.take_over()
        self.console.push_theme(ANSWER_STYLES)
        # The agent's imports hold up the loop: they wait until the first picture is on the screen.
        self.call_after_refresh(self.load_agent)

    @work(group="load", exclusive=True, exit_on_error=False)
    async def load_agent(self) -> None:
        """Load the agent and open the session."""
        self._tell_progress(f"opening {self._project}")
        try:
            await self.host.load(self._tell_progress)
            await self._open(self._session_id)
        except Exception as exc:  # noqa: BLE001 - whatever the agent's code raises is shown to its developer
            hint = getattr(exc, "hint", None) or f"Correct it and press {shown_key('load-again')}."
            self.run_screen.show_startup(LoadFailed(message=str(exc) or type(exc).__name__, hint=hint))

    def _tell_progress(self, line: str) -> None:
        self.run_screen.show_startup(Loading(progress=line))

    async def _open(self, session_id: str | None) -> None:
        self.run_screen.detach()
        session = await self.host.open(session_id)
        self._session_id = session.session_id
        workspace = self.host.workspace
        if workspace is not None:
            self.run_screen.show_startup(Ready(agent=workspace.agent_name, model=workspace.model))
        self.run_screen.attach(session)

    @work(group="switch", exclusive=True, exit_on_error=False)
    async def open_session(self, session_id: str | None) -> None:
        """Open another session; asks first while a run works."""
        from penguiflow_tui.screens.confirm import LEAVE_SESSION, ConfirmScreen  # noqa: PLC0415 - rarely needed

        if self.host.workspace is None:
            self.notify("The agent is not loaded yet.", severity="warning", markup=False)
        elif not self.run_screen.works or await self.push_screen_wait(ConfirmScreen(LEAVE_SESSION)):
            await self._open(session_id)

    @work(group="switch", exclusive=True, exit_on_error=False)
    async def choose_session(self) -> None:
        """Let the person pick a stored session and open it."""
        from penguiflow_tui.screens.sessions import SessionsScreen  # noqa: PLC0415 - not for the first paint

        stored = await self.host.list_sessions()
        chosen = await self.push_screen_wait(
            SessionsScreen(stored, current_id=self._session_id, clock=self._clock)
        )
        if chosen is not None and chosen != self._session_id:
            self.open_session(chosen)

    @work(group="quit", exclusive=True, exit_on_error=False)
    async def leave(self) -> None:
        """Quit; asks first while a run works."""
        from penguiflow_tui.screens.confirm import QUIT, ConfirmScreen  # noqa: PLC0415 - rarely needed

        if not self.run_screen.works or await self.push_screen_wait(ConfirmScreen(QUIT)):
            self.exit()

    async def action_quit(self) -> None:
        self.leave()

    def action_sessions(self) -> None:
        if len(self.screen_stack) == 1:
            self.choose_session()

    def action_new_session(self) -> None:
        if len(self.screen_stack) > 1:
            self.screen.dismiss(None)
        self.open_session(None)

    def action_load_again(self) -> None:
        if self.host.session is None:
            self.load_agent()

    def action_help(self) -> None:
        from penguiflow_tui.screens.help import HelpScreen  # noqa: PLC0415 - not for the first paint

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen())

    def action_help_quit(self) -> None:
        stop, leave = shown_key("interrupt"), shown_key("quit")
        self.notify(f"{stop} stops the run, {leave} leaves the workbench.", markup=False, timeout=4)

    def get_key_display(self, binding: Binding) -> str:
        return binding.key_display or super().get_key_display(binding)

    def on_attention_wanted(self) -> None:
        self.bell()

    def on_copy_requested(self, message: CopyRequested) -> None:
        self.copy_to_clipboard(message.text)
        self.notify("Copied.", timeout=2, markup=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        error = event.worker.error  # pyright: ignore[reportUnknownMemberType] - bare `Worker` in Textual
        if event.state is WorkerState.ERROR and error is not None:
            self.show_error(error)

    def on_work_failed(self, message: WorkFailed) -> None:
        self.show_error(message.error)

    def show_error(self, error: BaseException) -> None:
        """Tell the person about an error that ends nothing."""
        text = safe_line(str(error) or type(error).__name__, max_chars=_ERROR_CHARS)
        self.notify(text, title=type(error).__name__, severity="error", markup=False, timeout=10)

    def _fatal_error(self) -> None:
        """Write a report without locals, which Textual's own traceback would print, and leave."""
        error = sys.exc_info()[1]
        if error is not None and not self._crashed:
            self._crashed = True  # what fails afterwards, while the screen goes, follows from it
            try:
                self.crash = write_crash_report(self._crash_folder, error, at=self._clock())
            except OSError:
                self.crash = None  # a full or read-only disk must not hide that the application ends
        self._close_messages_no_wait()
