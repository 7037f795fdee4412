"""What the detail pane is about: a run, a step or a tool call by its key, or one event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from penguiflow.state.events import RunEvent
from penguiflow_tui.model.calls import find_call
from penguiflow_tui.model.runs import find_run
from penguiflow_tui.model.select import TrajectoryKey
from penguiflow_tui.model.state import RunView, StepView, ToolCallView, WorkbenchState
from penguiflow_tui.model.steps import find_step


@dataclass(frozen=True, slots=True, kw_only=True)
class TrajectorySubject:
    """What the detail pane is about: the innermost value that `key` names."""

    key: TrajectoryKey
    run: RunView
    step: StepView | None = None
    call: ToolCallView | None = None

    def is_same(self, other: DetailSubject | None) -> bool:
        """Whether `other` shows exactly the same, which identity of the state values tells at once."""
        if not isinstance(other, TrajectorySubject) or self.key != other.key:
            return False
        if self.step is None:
            return self.run is other.run
        return self.step is other.step and self.run.state == other.run.state


DetailSubject: TypeAlias = TrajectorySubject | RunEvent


def find_subject(state: WorkbenchState, key: TrajectoryKey) -> TrajectorySubject | None:
    """Return what `key` names in `state`, if it is there."""
    run = find_run(state, key.run_id)
    if run is None:
        return None
    step = None if key.step is None else find_step(run, key.step)
    if key.step is not None and step is None:
        return None
    call = None if step is None or key.call_id is None else find_call(step, key.call_id)
    return TrajectorySubject(key=key, run=run, step=step, call=call)
