"""Performs a step: runs what may run, asks about what may not, and records it once all calls are settled."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from penguiflow.planner._loop.queue import clear
from penguiflow.planner._loop.recording import keep_outputs, note_calls_ran, note_outcome, record_step
from penguiflow.planner._loop.run_state import RunState
from penguiflow.planner._loop.tool_call import ToolCaller, failed_call
from penguiflow.planner._loop.waiting import OpenQuestion, StillOpen, wait
from penguiflow.planner._pauses.desk import PauseDesk
from penguiflow.planner._rules.approval import approval_payload
from penguiflow.planner._rules.calls import CallResult, PauseRequest, PendingStep, PlannedCall
from penguiflow.planner._rules.join import join_context, join_is_due, plan_join
from penguiflow.planner._rules.settle import settled_step
from penguiflow.planner._rules.tool_table import settle_missing_tools
from penguiflow.planner.models import PlannerPause


@dataclass(frozen=True, slots=True, kw_only=True)
class Performer:
    """How the tools of a planner are called."""

    tools: ToolCaller
    desk: PauseDesk

    async def perform(
        self, state: RunState, pending: PendingStep, still_open: StillOpen | None = None
    ) -> PlannerPause | None:
        """Return what the step waits for, None once it is recorded.

        `still_open` are the calls of the step that already wait for a person.
        """
        join = pending.action.get_plan_join()
        pending = settle_missing_tools(pending, state.rules.tools)
        while True:
            pending = await self.run_calls(state, pending)
            waiting = pending.waiting_calls()
            if waiting:
                return await self._ask(state, pending, waiting, still_open or StillOpen())
            if join is None or not join_is_due(pending, join):
                break
            pending = plan_join(pending, join, state.rules)
        return await self._record(state, pending)

    async def run_calls(self, state: RunState, pending: PendingStep) -> PendingStep:
        """Run side by side what may run now."""
        positions = pending.runnable()
        if not positions:
            return pending
        if len(positions) == 1:
            results = {positions[0]: await self._run_call(state, pending, positions[0])}
        else:
            async with asyncio.TaskGroup() as group:
                tasks = {at: group.create_task(self._run_call(state, pending, at)) for at in positions}
            results = {at: _result(pending.calls[at], task) for at, task in tasks.items()}
        note_calls_ran(state, pending, results)
        return pending.with_results(results)

    async def _record(self, state: RunState, pending: PendingStep) -> PlannerPause | None:
        results = pending.settled()
        keep_outputs(state, pending, results)
        asked = [
            OpenQuestion(asked=result.pause, node=call.node)
            for call, result in zip(pending.calls, results, strict=True)
            if result.pause is not None
        ]
        if len(asked) == 1:
            asked = [OpenQuestion(asked=asked[0].asked)]
        outcome = record_step(state, settled_step(pending), is_waiting=bool(asked))
        if any(result.status == "failed" for result in results):
            clear(state)
        if asked:
            return await wait(state, self.desk, asked)
        note_outcome(state, pending.action, outcome)
        return None

    async def _run_call(self, state: RunState, pending: PendingStep, position: int) -> CallResult:
        call = pending.calls[position]
        extra = join_context(pending) if position >= pending.branch_count else None
        return await self.tools.run(call, state.rules.tools[call.node], state, extra)

    async def _ask(
        self, state: RunState, pending: PendingStep, waiting: Iterable[int], still_open: StillOpen
    ) -> PlannerPause:
        asked_before = {question.position for question in still_open.questions}
        new = [
            OpenQuestion(asked=_approval(state, pending, at), position=at)
            for at in waiting
            if at not in asked_before
        ]
        return await wait(state, self.desk, new, still_open=still_open, pending=pending)


def _result(call: PlannedCall, task: asyncio.Task[CallResult]) -> CallResult:
    """Return what came of a branch; one that is cancelled although the run is not did that itself."""
    return (
        failed_call(call, "CancelledError", "the tool cancelled its own task")
        if task.cancelled()
        else task.result()
    )


def _approval(state: RunState, pending: PendingStep, position: int) -> PauseRequest:
    call = pending.calls[position]
    payload = approval_payload(call, state.rules.tools[call.node], pending.action.own_thought())
    return PauseRequest(reason="approval_required", payload=payload)
