"""What the agent's code printed, on its way into the history of the session."""

from __future__ import annotations

from penguiflow_tui.captured_output import CapturedOutput, DescriptorFile, redirect_prints
from penguiflow_tui.ports import Session


class Prints:
    """Everything caught and not yet recorded. Without a file only Python's own streams are caught."""

    def __init__(self, output: CapturedOutput, written: DescriptorFile | None = None) -> None:
        self._output = output
        self._written = written

    def take_over(self) -> None:
        """Catch what is printed from now on.

        To be called while Textual holds the streams: it puts the real ones back when its screen goes.
        Textual's own capture posts a message a line and gives subprocesses no descriptor to inherit.
        """
        redirect_prints(self._output)

    def record_in(self, session: Session) -> None:
        """Put it into the history of `session`."""
        if self._written is not None:
            self._written.collect(self._output)
        for stream, line in self._output.drain():
            session.record_output(stream, line)
