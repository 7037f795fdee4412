"""Our own stdout and stderr while code of others runs.

A tool that prints, a library that logs and a child process that inherits our descriptors must not break
the JSON lines of a run or write control sequences to the terminal. Whatever they write is held back.
"""

from __future__ import annotations

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from penguiflow.state.events import RunEvent
from penguiflow_cli._errors import Messages
from penguiflow_cli._output import Output
from penguiflow_tui.captured_output import (
    CapturedOutput,
    DescriptorFile,
    capture_python_output,
    guard_descriptors,
)

if TYPE_CHECKING:  # commands that run nothing need not load what runs
    from penguiflow.sessions.session import AgentSession


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnStreams:
    """The real stdout and stderr, and what others wanted to write there."""

    output: Output
    messages: Messages
    captured: CapturedOutput
    written: DescriptorFile

    def record_prints(self, session: AgentSession) -> None:
        """Put what was printed since the last call into the history of the session."""
        self.written.collect(self.captured)
        for stream, line in self.captured.drain():
            session.record_output(stream, line)

    def tell_prints(self) -> None:
        """Show what was printed before there was a session, or after."""
        self.written.collect(self.captured)
        for _, line in self.captured.drain():
            self.messages.note(line)


@contextmanager
def own_streams() -> Generator[OwnStreams]:
    """Inside the block, stdout and stderr are written by us alone. Use it in the main thread."""
    captured = CapturedOutput()
    with guard_descriptors() as written, capture_python_output(captured):
        yield OwnStreams(
            # The guard moved the real streams there.
            output=Output(sys.__stdout__),
            messages=Messages(sys.__stderr__),
            captured=captured,
            written=written,
        )


class SessionWithPrints:
    """The events of a session, among them what the agent's code printed until now."""

    def __init__(self, session: AgentSession, streams: OwnStreams) -> None:
        self._session = session
        self._streams = streams

    def events_since(self, cursor: int) -> tuple[Sequence[RunEvent], int]:
        self._streams.record_prints(self._session)
        return self._session.events_since(cursor)
