"""The application of `penguiflow runs replay`: the Replay screen alone. No agent is loaded for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual.binding import BindingType

from penguiflow._clock import MonotonicClock, WallClock, monotonic_clock, wall_clock
from penguiflow_tui.keys import Place, bindings_of, shown_key
from penguiflow_tui.ports import Recording
from penguiflow_tui.prints import Prints
from penguiflow_tui.screens.replay import ReplayScreen
from penguiflow_tui.terminal_app import TerminalApp
from penguiflow_tui.themes import NIGHT


class ReplayApp(TerminalApp):
    """Plays one recording; leaving the replay leaves the application."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("everywhere")]
    ENABLE_COMMAND_PALETTE = False
    help_places: ClassVar[Sequence[Place]] = (
        *(
            "everywhere",
            "replay",
            "panes",
            "transcript",
            "trajectory",
            "detail",
            "pages",
            "log",
            "connections",
        ),
        "dialog",
    )

    def __init__(
        self,
        recording: Recording,
        *,
        project: str,
        crash_folder: Path,
        speed: float = 1.0,
        theme: str = NIGHT.name,
        prints: Prints | None = None,
        clock: WallClock = wall_clock,
        ticks: MonotonicClock = monotonic_clock,
    ) -> None:
        super().__init__(crash_folder=crash_folder, theme=theme, prints=prints, clock=clock)
        self.replay_screen = ReplayScreen(recording, project=project, ticks=ticks, speed=speed)

    def get_default_screen(self) -> ReplayScreen:
        return self.replay_screen

    def action_help_quit(self) -> None:
        play, leave = shown_key("play"), shown_key("quit")
        self.notify(f"{play} pauses, {leave} leaves.", markup=False, timeout=4)

    def on_leave_wanted(self) -> None:
        self.exit()
