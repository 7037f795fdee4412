"""Drives one run: asks the model, acts on the verdict, records steps, until it ends or waits.

It holds no rule of its own: `limits`, `judge`, `join` and `settle` decide, this awaits and tells events.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import assert_never

from penguiflow._clock import MonotonicClock, monotonic_clock
from penguiflow.planner._loop.approval import approval_payload
from penguiflow.planner._loop.calls import CallResult, PauseRequest, PendingStep
from penguiflow.planner._loop.finish import (
    finish_unreadable,
    finish_with_answer,
    finish_with_bad_args,
    finish_without_answer,
)
from penguiflow.planner._loop.going_on import AnsweredQuestion, DecidedCall, GoingOn
from penguiflow.planner._loop.join import join_context, join_is_due, plan_join
from penguiflow.planner._loop.judge import Answer, Calls, Refusal, judge
from penguiflow.planner._loop.limits import DeadlineReached, verdict
from penguiflow.planner._loop.model_call import Decided, ModelCaller, ModelScene, NoUsableReply
from penguiflow.planner._loop.pause_desk import PauseDesk
from penguiflow.planner._loop.pause_record import PausedRun, pause_record
from penguiflow.planner._loop.progress import ArgsRejected, CallsRan, CallSucceeded, DeadlinePassed, StepBegan
from penguiflow.planner._loop.run_state import RunState
from penguiflow.planner._loop.settle import pauses_of, settled_step
from penguiflow.planner._loop.tool_call import CallScene, ToolCaller
from penguiflow.planner._loop.tool_table import settle_missing_tools
from penguiflow.planner.action import PlannerAction
from penguiflow.planner.models import PlannerFinish, PlannerPause
from penguiflow.planner.trajectory import TrajectoryStep


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDriver:
    """One run and the parts of its planner that it uses."""

    state: RunState
    model: ModelCaller
    tools: ToolCaller
    desk: PauseDesk
    clock: MonotonicClock = monotonic_clock

    async def drive(self) -> PlannerFinish | PlannerPause:
        """Take steps until the run ends or waits."""
        state = self.state
        while True:
            if state.deadline.has_passed():
                state.note(DeadlinePassed())
            stop = verdict(state.progress, state.rules.limits, steps=len(state.trajectory.steps))
            if stop is not None:
                return finish_without_answer(state, stop)
            outcome = await self._step()
            if outcome is not None:
                return outcome

    async def go_on(self, token: str, going_on: GoingOn) -> PlannerFinish | PlannerPause:
        """Go on with a paused run after somebody said something to it."""
        match going_on:
            case DecidedCall():
                self._tell_decision(token, going_on)
                return await self._perform(going_on.settled()) or await self.drive()
            case AnsweredQuestion(text=text, later=later):
                self._add_input(text)
                if later:
                    return await self._wait(later[0], later=later[1:])
                return await self.drive()
            case _:
                assert_never(going_on)

    async def decide(self) -> Decided:
        """Return the model's next action and tell it; nothing runs.

        Raises:
            NoUsableReply, DeadlineReached, LLMError: see `ModelCaller.decide`.
        """
        state = self.state
        decided = await self.model.decide(
            ModelScene(
                action_seq=state.progress.action_seq,
                conversation=state.conversation,
                events=state.events,
                deadline=state.deadline,
                note=state.note,
                stream=state.stream_text,
            )
        )
        state.events.emit(
            "action",
            thought=decided.action.thought,
            action_seq=state.progress.action_seq,
            next_node=decided.action.next_node,
            args=decided.action.args,
        )
        return decided

    def _tell_decision(self, token: str, decided: DecidedCall) -> None:
        before, after = decided.pending.calls[decided.position], decided.call
        spec = self.state.rules.tools.get(after.node)
        self.state.events.emit(
            "approval_decided",
            resume_token=token,
            tool_call_id=after.call_id,
            tool_name=spec.name if spec is not None else after.node,
            decision=after.decision,
            args=after.args if decided.result is None else None,
            proposed_args=before.args,
            action_seq=decided.pending.action_seq,
        )

    def _add_input(self, text: str | None) -> None:
        if not text:
            return
        trajectory = self.state.trajectory
        trajectory.resume_user_input = text
        self.state.conversation.add_resume_input(text)
        if trajectory.steps:
            trajectory.steps[-1].resume_inputs.append(text)

    async def _step(self) -> PlannerFinish | PlannerPause | None:
        state = self.state
        state.note(StepBegan())
        state.events.emit("step_start", action_seq=state.progress.action_seq)
        started = self.clock()
        try:
            decided = await self.decide()
        except NoUsableReply as exc:
            return finish_unreadable(state, str(exc))
        except DeadlineReached:
            state.note(DeadlinePassed())
            return None
        return await self._act(decided, (self.clock() - started) * 1000)

    async def _act(self, decided: Decided, model_ms: float) -> PlannerFinish | PlannerPause | None:
        state, action = self.state, decided.action
        match judge(action, state.progress, state.rules):
            case Answer():
                return finish_with_answer(state, action, attempts=decided.attempts)
            case Calls(calls):
                return await self._perform(PendingStep.of(action, state.progress.action_seq, model_ms, calls))
            case Refusal() as refusal:
                return self._refuse(action, refusal, model_ms)

    def _refuse(self, action: PlannerAction, refusal: Refusal, model_ms: float) -> PlannerFinish | None:
        state = self.state
        if refusal.fact is not None:
            state.note(refusal.fact)
        if isinstance(refusal.fact, ArgsRejected):
            state.events.emit(
                "planner_args_invalid",
                node_name=action.next_node,
                tool=action.next_node,
                error_summary=refusal.error,
            )
        self._record(TrajectoryStep(action=action, error=refusal.error, latency_ms=model_ms))
        if state.progress.consecutive_arg_failures >= state.rules.limits.max_consecutive_arg_failures:
            return finish_with_bad_args(state, action.next_node, refusal.error, list(refusal.missing))
        return None

    async def _perform(self, pending: PendingStep) -> PlannerPause | None:
        """Run what may run, ask about what may not, and record the step once all its calls are settled."""
        join = pending.action.get_plan_join()
        pending = settle_missing_tools(pending, self.state.rules.tools)
        while True:
            pending = await self._run_calls(pending)
            position = pending.next_to_ask()
            if position is not None:
                return await self._ask(pending, position)
            if join is None or not join_is_due(pending, join):
                break
            pending = plan_join(pending, join, self.state.rules)
        questions = pauses_of(pending)
        self._record(settled_step(pending), is_waiting=bool(questions))
        return await self._wait(questions[0], later=questions[1:]) if questions else None

    async def _run_calls(self, pending: PendingStep) -> PendingStep:
        positions = pending.runnable()
        if not positions:
            return pending
        if len(positions) == 1:
            results = {positions[0]: await self._run_call(pending, positions[0])}
        else:
            async with asyncio.TaskGroup() as group:
                tasks = {at: group.create_task(self._run_call(pending, at)) for at in positions}
            results = {at: task.result() for at, task in tasks.items()}
        self.state.note(CallsRan(len(positions)))
        if any(result.status == "succeeded" for result in results.values()):
            self.state.note(CallSucceeded())
        return pending.with_results(results)

    async def _run_call(self, pending: PendingStep, position: int) -> CallResult:
        state, call = self.state, pending.calls[position]
        is_join = position >= pending.branch_count
        extra = join_context(pending) if is_join else {}
        return await self.tools.run(
            call,
            state.rules.tools[call.node],
            CallScene(
                action_seq=pending.action_seq,
                llm_context=state.llm_context,
                tool_context=state.tool_context | extra if is_join else state.tool_context,
                events=state.events,
                deadline=state.deadline,
            ),
        )

    async def _ask(self, pending: PendingStep, position: int) -> PlannerPause:
        call = pending.calls[position]
        payload = approval_payload(call, self.state.rules.tools[call.node], pending.action.thought)
        asked = PauseRequest(reason="approval_required", payload=payload)
        return await self._wait(asked, pending=pending, position=position)

    async def _wait(
        self,
        asked: PauseRequest,
        *,
        pending: PendingStep | None = None,
        position: int = 0,
        later: tuple[PauseRequest, ...] = (),
    ) -> PlannerPause:
        state = self.state
        state.trajectory.tool_context = state.tool_context
        paused = PausedRun(
            trajectory=state.trajectory,
            progress=state.progress,
            asked=asked,
            deadline_remaining_s=state.deadline.remaining_s(),
            pending=pending,
            position=position,
            later=later,
        )
        token = await self.desk.put(pause_record(paused, state.rules.limits.hop_budget), state.tool_context)
        state.events.emit(
            "pause",
            reason=asked.reason,
            payload=asked.payload,
            resume_token=token,
            action_seq=state.progress.action_seq,
        )
        return PlannerPause(reason=asked.reason, payload=asked.payload, resume_token=token)

    def _record(self, step: TrajectoryStep, *, is_waiting: bool = False) -> None:
        state = self.state
        # Told before it is appended, so that the event's `trajectory_step` is the index of this step.
        state.events.emit(
            "step_complete",
            node_name=step.action.next_node,
            thought=step.action.thought,
            latency_ms=step.latency_ms,
            error=step.error,
            action_seq=state.progress.action_seq,
        )
        state.trajectory.steps.append(step)
        state.conversation.add_step(step)
        if step.error is None and not is_waiting:
            state.trajectory.resume_user_input = None
