"""What the panes tell the screen: typed messages upward, values downward."""

from __future__ import annotations

from collections.abc import Sequence

from textual.message import Message

from penguiflow.safe_text import SafeText
from penguiflow.state.events import RunEvent
from penguiflow_tui.model import TrajectoryKey
from penguiflow_tui.model.tool_entries import ToolEntry
from penguiflow_tui.model.whole_text import TextPart
from penguiflow_tui.ports import Recording


class ConnectionOpened(Message):
    """The person wants to see the tools and details of a connection."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__()


class ConnectionRetried(Message):
    """The person wants a connection to be tried again."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__()


class ConnectionToggled(Message):
    """The person wants a connection switched off, or on again."""

    def __init__(self, name: str, *, enabled: bool) -> None:
        self.name = name
        self.enabled = enabled
        super().__init__()


class SignInWanted(Message):
    """The person wants to sign in to what stands behind a connection."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__()


class ReviewWanted(Message):
    """The person wants to see which tools of a connection changed since they were approved."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__()


class ConnectionMoved(Message):
    """The cursor of the connections is on another one."""


class ToolTried(Message):
    """The person wants to call a tool by hand."""

    def __init__(self, tool: ToolEntry) -> None:
        self.tool = tool
        super().__init__()


class EventSelected(Message):
    """The person opened a line of the event log. `index` counts from the first event of the session."""

    def __init__(self, event: RunEvent, index: int) -> None:
        self.event = event
        self.index = index
        super().__init__()


class StepSelected(Message):
    """The cursor of the trajectory is on a run, a step or a tool call."""

    def __init__(self, key: TrajectoryKey) -> None:
        self.key = key
        super().__init__()


class WholeTextWanted(Message):
    """The person wants to read whole texts of which the detail pane shows a part."""

    def __init__(self, title: SafeText, parts: Sequence[TextPart]) -> None:
        self.title = title
        self.parts = parts
        super().__init__()


class ReplayWanted(Message):
    """The person wants to watch what happened once."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        super().__init__()
