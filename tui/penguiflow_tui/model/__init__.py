"""What the workbench knows: frozen state, a pure reducer over the history, and what each widget shows.

Nothing here knows Textual. `reduce_all(EMPTY, events)` begins; `chat_entries`, the row functions, `detail`
and `event_line` turn the state into safe text. Identity of a state value means that nothing in it changed.
"""

from penguiflow_tui.model.chat import ChatEntry, chat_entries
from penguiflow_tui.model.detail import DetailSection, DetailView, detail
from penguiflow_tui.model.event_line import EventLine, event_line
from penguiflow_tui.model.marks import Mark, Tone
from penguiflow_tui.model.reduce import reduce, reduce_all
from penguiflow_tui.model.select import (
    ConnectionRow,
    StatusFields,
    TrajectoryKey,
    TrajectoryRow,
    call_row,
    connection_row,
    run_row,
    status_fields,
    step_row,
)
from penguiflow_tui.model.state import (
    EMPTY,
    Activity,
    ConnectionView,
    Notice,
    PendingRequest,
    RunView,
    StepView,
    ToolCallView,
    Totals,
    WorkbenchState,
)
from penguiflow_tui.model.subject import DetailSubject, TrajectorySubject, find_subject

__all__ = [
    "EMPTY",
    "Activity",
    "ChatEntry",
    "ConnectionRow",
    "ConnectionView",
    "DetailSection",
    "DetailSubject",
    "DetailView",
    "EventLine",
    "Mark",
    "Notice",
    "PendingRequest",
    "RunView",
    "StatusFields",
    "StepView",
    "Tone",
    "ToolCallView",
    "Totals",
    "TrajectoryKey",
    "TrajectoryRow",
    "TrajectorySubject",
    "WorkbenchState",
    "call_row",
    "chat_entries",
    "connection_row",
    "detail",
    "event_line",
    "find_subject",
    "reduce",
    "reduce_all",
    "run_row",
    "status_fields",
    "step_row",
]
