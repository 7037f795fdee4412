"""Runs of the session: find, put back, begin and end them."""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from penguiflow.state.events import RunEvent, RunFailed, RunFinished, RunInterrupted, RunStarted
from penguiflow_tui.model.calls import cancel_open_calls
from penguiflow_tui.model.state import Notice, RunView, WorkbenchState
from penguiflow_tui.model.totals import add_steps


def find_run(state: WorkbenchState, run_id: str) -> RunView | None:
    """Return the run of this id; the current one is found at once."""
    if state.run is not None and state.run.run_id == run_id:
        return state.run
    return next((run for run in reversed(state.earlier_runs) if run.run_id == run_id), None)


def run_of(state: WorkbenchState, event: RunEvent) -> RunView:
    """Return the run of `event`, made up without a question when nobody announced it."""
    return find_run(state, event.run_id) or RunView(
        run_id=event.run_id, question="", agent="", model=None, started_at=event.ts
    )


def put_run(state: WorkbenchState, run: RunView) -> WorkbenchState:
    """Return `state` with `run` in its place, or as the current run when it is new; its steps count."""
    known = find_run(state, run.run_id)
    new_steps = run.totals.steps - (0 if known is None else known.totals.steps)
    totals = add_steps(state.totals, new_steps)
    if known is None and state.run is not None:
        return replace(state, earlier_runs=state.runs, run=run, totals=totals, latest_state=run.state)
    if known is state.run:
        return replace(state, run=run, totals=totals, latest_state=run.state)
    earlier = tuple(run if each is known else each for each in state.earlier_runs)
    return replace(state, earlier_runs=earlier, totals=totals, latest_state=run.state)


def run_started(state: WorkbenchState, event: RunEvent, body: RunStarted) -> WorkbenchState:
    """Begin a run. One that is known already, because it was resumed, keeps its steps."""
    known = find_run(state, event.run_id)
    if known is not None:
        return put_run(state, replace(known, question=body.question, agent=body.agent, model=body.model))
    run = RunView(
        run_id=event.run_id,
        question=body.question,
        agent=body.agent,
        model=body.model,
        started_at=event.ts,
    )
    return put_run(state, run)


def run_ended(
    state: WorkbenchState, event: RunEvent, body: RunFinished | RunFailed | RunInterrupted
) -> WorkbenchState:
    """End a run: no call of it goes on, and nobody is asked for it any more."""
    run = run_of(state, event)
    if run.step is not None:
        run = replace(run, step=cancel_open_calls(run.step))
    pending = tuple(request for request in state.pending if request.run_id != event.run_id)
    return put_run(replace(state, pending=pending), _ended(run, body, event.ts))


def _ended(run: RunView, body: RunFinished | RunFailed | RunInterrupted, at: float) -> RunView:
    match body:
        case RunFinished(reason="answer_complete"):
            return replace(run, state="answered", answer=body.answer, reason=body.reason, ended_at=at)
        case RunFinished():
            stopped = Notice(kind="stopped", subject=body.reason)
            return replace(
                run,
                state="stopped",
                answer=body.answer or None,
                reason=body.reason,
                ended_at=at,
                notices=(*run.notices, stopped),
            )
        case RunFailed():
            failed = Notice(kind="failed", subject=body.code, text=body.message, hint=body.hint or "")
            return replace(run, state="failed", error=body, ended_at=at, notices=(*run.notices, failed))
        case RunInterrupted():
            notices = (*run.notices, Notice(kind="interrupted", subject=""))
            return replace(run, state="interrupted", ended_at=at, notices=notices)
        case _:
            assert_never(body)
