"""What an event of a step changes in its run."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeAlias, assert_never

from penguiflow.state.events import (
    ActionChosen,
    ModelCalled,
    StepStarted,
    TextStreamed,
    ToolFinished,
    ToolStarted,
    ToolStreamed,
)
from penguiflow_tui.model.calls import add_chunk, finish_call, start_call
from penguiflow_tui.model.state import RunState, RunView, StepView
from penguiflow_tui.model.streamed_text import NO_TEXT
from penguiflow_tui.model.totals import add_call, add_steps

StepBody: TypeAlias = (
    StepStarted | ModelCalled | ActionChosen | TextStreamed | ToolStarted | ToolStreamed | ToolFinished
)


def find_step(run: RunView, number: int) -> StepView | None:
    """Return the step of this number; the current one is found, and a later one missed, at once."""
    if run.step is None or number > run.step.number:
        return None
    if number == run.step.number:
        return run.step
    return next((step for step in reversed(run.earlier_steps) if step.number == number), None)


def put_step(run: RunView, step: StepView) -> RunView:
    """Return `run` with `step` in its place; the step of the highest number is the current one."""
    if run.step is not None and run.step.number == step.number:
        return replace(run, step=step)
    if run.step is None or step.number > run.step.number:
        return replace(
            run, earlier_steps=run.steps, step=step, live_answer=NO_TEXT, totals=add_steps(run.totals, 1)
        )
    for place, known in enumerate(run.earlier_steps):
        if known.number == step.number:
            earlier = (*run.earlier_steps[:place], step, *run.earlier_steps[place + 1 :])
            return replace(run, earlier_steps=earlier)
    earlier = tuple(sorted((*run.earlier_steps, step), key=lambda known: known.number))
    return replace(run, earlier_steps=earlier, totals=add_steps(run.totals, 1))


def step_of(run: RunView, number: int, at: float) -> StepView:
    """Return the step of this number, made when nobody announced it."""
    return find_step(run, number) or StepView(number=number, started_at=at)


def advance_run(run: RunView, body: StepBody, at: float) -> RunView:
    """Return `run` after an event of one of its steps."""
    step = step_of(run, body.step, at)
    match body:
        case TextStreamed():
            return _text_streamed(run, step, body)
        case StepStarted():
            return _working(put_step(run, step), "thinking")
        case ModelCalled():
            return replace(put_step(run, _model_called(step, body)), totals=add_call(run.totals, body))
        case ActionChosen():
            chosen = replace(step, thought=body.thought, next_node=body.next_node, args=body.args)
            return put_step(run, chosen)
        case ToolStarted():
            return _working(put_step(run, start_call(step, body, at)), "running_tool")
        case ToolStreamed():
            return put_step(run, add_chunk(step, body))
        case ToolFinished():
            return _tool_finished(run, finish_call(step, body, at))
        case _:
            assert_never(body)


def _working(run: RunView, state: RunState) -> RunView:
    """Set what the run does now, unless it has ended: a late event does not wake it up."""
    return replace(run, state=state) if run.works and run.state != state else run


def _model_called(step: StepView, body: ModelCalled) -> StepView:
    errors = step.model_errors if body.error is None else (*step.model_errors, body.error)
    return replace(
        step,
        model_calls=(*step.model_calls, body),
        model_errors=errors,
        model_latency_ms=(step.model_latency_ms or 0.0) + body.latency_ms,
        totals=add_call(step.totals, body),
        text_is_settled=True,
    )


def _text_streamed(run: RunView, step: StepView, body: TextStreamed) -> RunView:
    if step.text_is_settled:
        # The call that wrote the text so far has ended: this is another attempt at the same decision.
        step = replace(step, thinking=NO_TEXT, text_is_settled=False)
        run = replace(run, live_answer=NO_TEXT)
    if body.channel == "thinking":
        return put_step(run, replace(step, thinking=step.thinking.add(body.text)))
    if step is not run.step:
        run = put_step(run, step)
    return replace(run, live_answer=run.live_answer.add(body.text))


def _tool_finished(run: RunView, step: StepView) -> RunView:
    states = {call.state for call in step.calls}
    after: RunState = "running_tool" if "running" in states else "thinking"
    if "waiting" in states:
        after = "waiting"
    return _working(put_step(run, step), after)
