"""The column beside the chat: what the agent did, one step of it in full, and its tool connections."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widget import Widget

from penguiflow.state.events import RunEvent
from penguiflow_tui.messages import StepSelected
from penguiflow_tui.model import EMPTY, TrajectoryKey, WorkbenchState, find_subject
from penguiflow_tui.widgets.connections import Connections
from penguiflow_tui.widgets.step_detail import StepDetail
from penguiflow_tui.widgets.trajectory import Trajectory


class SidePanes(Vertical):
    """Hands the state to its panes; the detail pane shows what was selected last, as it is now."""

    def __init__(self, *, is_recorded: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self._trajectory = Trajectory(id="trajectory")
        self._detail = StepDetail(id="detail")
        self._connections = Connections(is_recorded=is_recorded, id="connections")
        self._state = EMPTY
        self._selected: TrajectoryKey | RunEvent | None = None

    def compose(self) -> ComposeResult:
        yield from self.panes

    @property
    def panes(self) -> Sequence[Widget]:
        """The panes from top to bottom; the connections are the last one."""
        return (self._trajectory, self._detail, self._connections)

    def show(self, state: WorkbenchState) -> None:
        """Show the state."""
        self._state = state
        self._trajectory.show(state.runs)
        self._connections.show(state.connections)
        self._show_detail()

    def clear(self) -> None:
        """Show nothing, for another session."""
        self._selected = None
        self._trajectory.clear_runs()
        self.show(EMPTY)

    def select(self, selected: TrajectoryKey | RunEvent) -> None:
        """Show this step, call or event in full."""
        self._selected = selected
        self._show_detail()

    def _show_detail(self) -> None:
        if isinstance(self._selected, TrajectoryKey):
            self._detail.show(find_subject(self._state, self._selected))
        else:
            self._detail.show(self._selected)

    def on_step_selected(self, message: StepSelected) -> None:
        message.stop()
        self.select(message.key)
