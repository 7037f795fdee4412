"""The history, one event at a time, into what the screens show.

`reduce` is a pure function: the same events give the same state, live or replayed. It never fails on an
order it did not expect; a step, call or run that nobody announced is made when it is first named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from penguiflow.state.events import (
    ConnectionChanged,
    FlowHappened,
    MemoryChanged,
    MemoryRead,
    ModelCalled,
    OutputCaptured,
    PersonAnswered,
    PersonAsked,
    PlannerNoted,
    RunEvent,
    RunFailed,
    RunFinished,
    RunInterrupted,
    RunStarted,
    SessionArchived,
    SessionForked,
    SessionNamed,
    UnknownBody,
)
from penguiflow_tui.model.persons import person_answered, person_asked
from penguiflow_tui.model.runs import put_run, run_ended, run_of, run_started
from penguiflow_tui.model.state import WorkbenchState
from penguiflow_tui.model.steps import StepBody, advance_run
from penguiflow_tui.model.totals import add_call


def reduce(state: WorkbenchState, event: RunEvent) -> WorkbenchState:
    """Return the state after `event`."""
    return reduce_all(state, (event,))


def reduce_all(state: WorkbenchState, events: Sequence[RunEvent]) -> WorkbenchState:
    """Return the state after all of `events`, in their order; cheaper than one at a time."""
    if not events:
        return state
    after = state
    for event in events:
        after = _after(after, event)
    return replace(after, event_count=state.event_count + len(events), session_id=events[-1].session_id)


def _after(state: WorkbenchState, event: RunEvent) -> WorkbenchState:
    body = event.body
    match body:
        case ConnectionChanged():
            return _connection_changed(state, body)
        case (
            OutputCaptured()
            | PlannerNoted()
            | MemoryChanged()
            | MemoryRead()
            | FlowHappened()
            | SessionNamed()
            | SessionArchived()
            | SessionForked()
            | UnknownBody()
        ):
            return state  # the event log alone shows these
        case PersonAsked():
            return person_asked(state, event, body)
        case PersonAnswered():
            return person_answered(state, event, body)
        case RunStarted():
            return run_started(state, event, body)
        case RunFinished() | RunFailed() | RunInterrupted():
            return run_ended(state, event, body)
        case _:
            return _step_event(state, event, body)


def _step_event(state: WorkbenchState, event: RunEvent, body: StepBody) -> WorkbenchState:
    after = put_run(state, advance_run(run_of(state, event), body, event.ts))
    if isinstance(body, ModelCalled):
        return replace(after, totals=add_call(after.totals, body))
    return after


def _connection_changed(state: WorkbenchState, body: ConnectionChanged) -> WorkbenchState:
    for place, known in enumerate(state.connections):
        if known.name == body.name:
            connections = (*state.connections[:place], body, *state.connections[place + 1 :])
            return replace(state, connections=connections)
    return replace(state, connections=(*state.connections, body))
