"""What every application of ours does with the terminal: prints, themes, errors, crashes, help."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, TypeAlias

from textual import work
from textual.app import App
from textual.binding import Binding
from textual.worker import Worker, WorkerState

from penguiflow._clock import WallClock, wall_clock
from penguiflow.redaction import redact_text
from penguiflow.safe_text import safe_line
from penguiflow_tui.browser import open_in_browser
from penguiflow_tui.captured_output import CapturedOutput
from penguiflow_tui.chat_messages import CopyRequested, LinkOpened, WorkFailed
from penguiflow_tui.crash import write_crash_report
from penguiflow_tui.keys import PLACE_TITLES, Place
from penguiflow_tui.model.web_address import WebAddress
from penguiflow_tui.prints import Prints
from penguiflow_tui.themes import ANSWER_STYLES, NIGHT, THEMES

_ERROR_CHARS = 300

OpenLink: TypeAlias = Callable[[WebAddress], bool]
"""Shows an address to the person, in a thread; false when it cannot."""


class TerminalApp(App[None]):
    """Base of the applications, which bind the keys. `crash` is the report file, if an error ended it."""

    TITLE = "penguiflow"
    PAUSE_GC_ON_SCROLL = True

    help_places: ClassVar[Sequence[Place]] = tuple(PLACE_TITLES)
    """The places whose keys the help shows."""

    def __init__(
        self,
        *,
        crash_folder: Path,
        theme: str = NIGHT.name,
        prints: Prints | None = None,
        clock: WallClock = wall_clock,
        open_link: OpenLink = open_in_browser,
    ) -> None:
        super().__init__()
        self._open_link = open_link
        self.crash: Path | None = None
        self._crashed = False
        self._crash_folder = crash_folder
        self._clock = clock
        for each in THEMES:
            self.register_theme(each)
        self.theme = theme
        self._prints = prints or Prints(CapturedOutput())

    def on_mount(self) -> None:
        self._prints.take_over()
        self.console.push_theme(ANSWER_STYLES)

    async def action_quit(self) -> None:
        self.exit()

    def action_help(self) -> None:
        from penguiflow_tui.screens.help import HelpScreen  # noqa: PLC0415 - not for the first paint

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.help_places))

    def get_key_display(self, binding: Binding) -> str:
        return binding.key_display or super().get_key_display(binding)

    def on_copy_requested(self, message: CopyRequested) -> None:
        self.copy_to_clipboard(message.text)
        self.notify("Copied.", timeout=2, markup=False)

    @work(group="browser", exit_on_error=False)
    async def show_link(self, address: WebAddress) -> None:
        """Open the address in a browser, and say where when that is not possible."""
        if await asyncio.to_thread(self._open_link, address):
            self.notify(f"{address.host} opens in your browser.", markup=False, timeout=4)
        else:
            self.notify(
                "No browser can be opened here. Copy the link and open it where you have one.",
                severity="warning",
                markup=False,
                timeout=8,
            )

    def on_link_opened(self, message: LinkOpened) -> None:
        self.show_link(message.address)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        error = event.worker.error  # pyright: ignore[reportUnknownMemberType] - bare `Worker` in Textual
        if event.state is WorkerState.ERROR and error is not None:
            self.show_error(error)

    def on_work_failed(self, message: WorkFailed) -> None:
        self.show_error(message.error)

    def show_error(self, error: BaseException) -> None:
        """Tell the person about an error that ends nothing."""
        text = safe_line(redact_text(str(error)) or type(error).__name__, max_chars=_ERROR_CHARS)
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
