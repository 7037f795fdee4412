"""The workbench application. It loads the agent after the first paint, switches sessions, and shows errors.

What it shows is not its own: the `SessionHost` is closed by whoever runs the application, after the screen
is gone, so closing may take its time and the terminal is free already.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.binding import BindingType

from penguiflow._clock import MonotonicClock, WallClock, monotonic_clock, wall_clock
from penguiflow_tui.browser import open_in_browser
from penguiflow_tui.keys import bindings_of, shown_key
from penguiflow_tui.messages import ReplayWanted
from penguiflow_tui.ports import ServerQuestion, TrustAnswer
from penguiflow_tui.prints import Prints
from penguiflow_tui.screens.panes import PanesScreen
from penguiflow_tui.screens.run import RunScreen
from penguiflow_tui.session_host import SessionHost
from penguiflow_tui.startup import LoadFailed, Loading, Ready
from penguiflow_tui.terminal_app import OpenLink, TerminalApp
from penguiflow_tui.themes import NIGHT

if TYPE_CHECKING:
    from textual.command import Provider


def _palette() -> type[Provider]:
    from penguiflow_tui.palette import WorkbenchCommands  # noqa: PLC0415 - not for the first paint

    return WorkbenchCommands


class WorkbenchApp(TerminalApp):
    """One Run screen on one session; lists, replays and dialogs are laid over it."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("everywhere", "workbench")]
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_palette}

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
        open_link: OpenLink = open_in_browser,
    ) -> None:
        super().__init__(
            crash_folder=crash_folder, theme=theme, prints=prints, clock=clock, open_link=open_link
        )
        self.host = host
        self._project = project
        self._session_id = session_id
        self._ticks = ticks
        self.run_screen = RunScreen(project=project, prints=self._prints, ticks=ticks)

    def get_default_screen(self) -> RunScreen:
        return self.run_screen

    @property
    def shown_panes(self) -> PanesScreen:
        """The Run screen, or the replay that lies over it."""
        panes = [screen for screen in self.screen_stack if isinstance(screen, PanesScreen)]
        return panes[-1] if panes else self.run_screen

    def on_mount(self) -> None:
        # The agent's imports hold up the loop: they wait until the first picture is on the screen.
        self.call_after_refresh(self.load_agent)

    @work(group="load", exclusive=True, exit_on_error=False)
    async def load_agent(self) -> None:
        """Load the agent and open the session."""
        self._tell_progress(f"opening {self._project}")
        try:
            await self.host.load(self._tell_progress, self._ask_trust)
            await self._open(self._session_id)
        except Exception as exc:  # noqa: BLE001 - whatever the agent's code raises is shown to its developer
            hint = getattr(exc, "hint", None) or f"Correct it and press {shown_key('load-again')}."
            self.run_screen.show_startup(LoadFailed(message=str(exc) or type(exc).__name__, hint=hint))

    def _tell_progress(self, line: str) -> None:
        self.run_screen.show_startup(Loading(progress=line))

    async def _ask_trust(self, question: ServerQuestion) -> TrustAnswer:
        from penguiflow_tui.screens.trust import TrustScreen  # noqa: PLC0415 - rarely needed

        self.bell()
        return await self.push_screen_wait(TrustScreen(question, clock=self._ticks))

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

        chosen = await self.push_screen_wait(
            SessionsScreen(self.host.shelf, current_id=self._session_id, clock=self._clock)
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
        self.choose_session()

    def action_new_session(self) -> None:
        while len(self.screen_stack) > 1:
            self.screen.dismiss(None)
        self.open_session(None)

    def action_load_again(self) -> None:
        if self.host.session is None:
            self.load_agent()

    def action_help_quit(self) -> None:
        stop, leave = shown_key("interrupt"), shown_key("quit")
        self.notify(f"{stop} stops the run, {leave} leaves the workbench.", markup=False, timeout=4)

    def on_attention_wanted(self) -> None:
        self.bell()

    def on_replay_wanted(self, message: ReplayWanted) -> None:
        from penguiflow_tui.screens.replay import ReplayScreen  # noqa: PLC0415 - not for the first paint

        self.push_screen(ReplayScreen(message.recording, project=self._project, ticks=self._ticks))

    def on_leave_wanted(self) -> None:
        if len(self.screen_stack) > 1 and isinstance(self.screen, PanesScreen):
            self.pop_screen()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "sessions" or len(self.screen_stack) == 1
