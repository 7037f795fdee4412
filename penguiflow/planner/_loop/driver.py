"""Drives one run: asks the model, acts on the verdict, until the run ends or waits.

It holds no rule of its own: `limits`, `judge`, `hints` and `join` decide, this awaits and tells events.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from penguiflow._clock import MonotonicClock, monotonic_clock
from penguiflow.planner._loop import queue
from penguiflow.planner._loop.answering import Answering, refused_answer
from penguiflow.planner._loop.arg_fill import ArgFiller, Filled, NotFilled
from penguiflow.planner._loop.deadline import Deadline, DeadlineReached
from penguiflow.planner._loop.decide import Decided, Decider, NoUsableReply
from penguiflow.planner._loop.finish import finish_unreadable, finish_without_answer
from penguiflow.planner._loop.performing import Performer
from penguiflow.planner._loop.recording import call_digest, record_step
from penguiflow.planner._loop.refusing import GivingUp, alternate, note_refusal, tell_suspect
from penguiflow.planner._loop.run_state import RunState
from penguiflow.planner._loop.waiting import NOTHING_SAID, OpenQuestion, StillOpen, settled_record, wait
from penguiflow.planner._pauses.going_on import AnsweredLimit, AnsweredQuestion, DecidedCall, GoingOn
from penguiflow.planner._rules.arguments import InvalidArgs
from penguiflow.planner._rules.calls import PauseRequest, PendingStep
from penguiflow.planner._rules.judge import Answer, Calls, Refusal, judge
from penguiflow.planner._rules.limits import Stop, is_extendable, may_be_repetition, repetition, verdict
from penguiflow.planner._rules.progress import DeadlinePassed, LimitExtended, StepBegan
from penguiflow.planner._rules.secret_args import shown_args
from penguiflow.planner.action import PlannerAction
from penguiflow.planner.models import PlannerFinish, PlannerPause
from penguiflow.planner.trajectory import TrajectoryStep


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDriver:
    """The parts of a planner that its runs use; it keeps nothing of a run."""

    decider: Decider
    performer: Performer
    answering: Answering
    filler: ArgFiller
    giving_up: GivingUp
    queue_rule: queue.QueueRule
    clock: MonotonicClock = monotonic_clock

    async def drive(self, state: RunState) -> PlannerFinish | PlannerPause:
        """Take steps until the run ends or waits."""
        while True:
            if state.deadline.has_passed():
                state.note(DeadlinePassed())
            stop = verdict(state.progress, state.rules.limits, steps=len(state.trajectory.steps))
            if stop is not None:
                return await self._stop(state, stop)
            outcome = await self._step(state)
            if outcome is not None:
                return outcome

    async def go_on(
        self, state: RunState, going_on: GoingOn, still_open: StillOpen, token: str
    ) -> PlannerFinish | PlannerPause:
        """Go on with a paused run after somebody said something to it."""
        match going_on:
            case DecidedCall():
                _tell_decision(state, token, going_on)
                pause = await self.performer.perform(state, going_on.settled(), still_open)
                if pause is not None:
                    return pause
                # What the call did must not be done again when the run breaks off later.
                await self.performer.desk.keep_claimed(token, settled_record(state, token), NOTHING_SAID)
                return await self.drive(state)
            case AnsweredQuestion(text=text):
                _add_input(state, text)
                if still_open.questions:
                    return await wait(state, self.performer.desk, still_open=still_open)
                return await self.drive(state)
            case AnsweredLimit(limit=limit, extends=True):
                state.note(LimitExtended(limit))
                if limit == "deadline_s":
                    limits = state.rules.limits
                    state.deadline = Deadline.after(limits.deadline_s, state.deadline.clock)
                return await self.drive(state)
            case AnsweredLimit(limit=limit):
                stop = verdict(state.progress, state.rules.limits, steps=len(state.trajectory.steps))
                stop = stop or Stop("budget_exhausted", f"`{limit}` reached", limit)
                return refused_answer(state) or finish_without_answer(state, stop)
            case _:
                assert_never(going_on)

    async def _step(self, state: RunState) -> PlannerFinish | PlannerPause | None:
        state.note(StepBegan())
        state.events.emit("step_start", action_seq=state.progress.action_seq)
        started = self.clock()
        try:
            queued = queue.dequeue(state)
            decided = Decided(queued) if queued is not None else await self.decider.decide(state)
            if queued is None:
                queue.enqueue(state, decided.action, self.queue_rule)
            return await self._act(state, decided, (self.clock() - started) * 1000)
        except NoUsableReply as exc:
            return refused_answer(state) or finish_unreadable(state, str(exc))
        except DeadlineReached:
            state.note(DeadlinePassed())
            return None

    async def _act(
        self, state: RunState, decided: Decided, model_ms: float
    ) -> PlannerFinish | PlannerPause | None:
        action = decided.action
        judged = judge(action, state.progress, state.rules)
        match judged:
            case Answer():
                return await self.answering.end(state, decided, model_ms)
            case Calls(calls):
                stop = _repetition(state, action)
                if stop is not None:
                    return await self._stop(state, stop)
                for call in calls:
                    if call.placeholders:
                        tell_suspect(state, call.node, "placeholder", call.placeholders, "placeholders")
                pending = PendingStep.of(action, state.progress.action_seq, model_ms, calls)
                return await self.performer.perform(state, pending)
            case Refusal():
                other = alternate(state, action, judged)
                if other is not None:
                    return await self._act(state, replace(decided, action=other), model_ms)
                return await self._refuse(state, decided, judged, model_ms)
            case _:
                assert_never(judged)

    async def _refuse(
        self, state: RunState, decided: Decided, refusal: Refusal, model_ms: float
    ) -> PlannerFinish | PlannerPause | None:
        action = decided.action
        queue.clear(state)
        note_refusal(state, action, refusal)
        hopeless = _hopeless_tool(state, refusal)
        invalid = refusal.invalid.get(action.next_node)
        if hopeless is None and invalid is not None and self.filler.may_ask(state, action, invalid):
            return await self._fill(state, decided, refusal, invalid, model_ms)
        _record_refusal(state, decided, refusal, model_ms)
        if hopeless is not None:
            return await self.giving_up.gracefully(state, action, hopeless, refusal.invalid[hopeless])
        if refusal.kind == "hops" and _may_ask_for_more(state):
            return await self._stop(state, Stop("budget_exhausted", "hop budget reached", "hop_budget"))
        return None

    async def _fill(
        self, state: RunState, decided: Decided, refusal: Refusal, invalid: InvalidArgs, model_ms: float
    ) -> PlannerFinish | PlannerPause | None:
        """Ask for the missing arguments of a call, and do what the model wants then."""
        filling = await self.filler.fill(state, decided.action, invalid, refusal.error)
        if isinstance(filling, Filled):
            return await self._act(state, replace(decided, action=filling.action), model_ms)
        _record_refusal(state, decided, refusal, model_ms)
        if isinstance(filling, NotFilled):
            return self.giving_up.for_lack_of_values(state, decided.action.next_node, invalid)
        if verdict(state.progress, state.rules.limits, steps=len(state.trajectory.steps)) is not None:
            return None
        return await self._act(state, Decided(filling.action), model_ms)

    async def _stop(self, state: RunState, stop: Stop) -> PlannerFinish | PlannerPause:
        """End the run, or let it wait for somebody to extend the limit."""
        limits = state.rules.limits
        if stop.limit is None or not _may_ask_for_more(state) or not is_extendable(limits, stop.limit):
            return refused_answer(state) or finish_without_answer(state, stop)
        payload = {
            "limit": stop.limit,
            "message": f"{stop.thought}; approve to allow as much again, or reject to end the run",
            "allowed": getattr(limits, stop.limit),
            "times_extended": state.progress.extensions.get(stop.limit, 0),
            "steps": len(state.trajectory.steps),
            "hops": state.progress.hops_used,
            "known_cost_usd": state.progress.spend.known_cost_usd,
        }
        asked = PauseRequest(reason="constraints_conflict", payload=payload)
        return await wait(state, self.performer.desk, [OpenQuestion(asked=asked, limit=stop.limit)])


def _add_input(state: RunState, text: str | None) -> None:
    """Let the model read what somebody said to a run that waited."""
    if not text:
        return
    trajectory = state.trajectory
    trajectory.resume_user_input = text
    state.conversation.add_resume_input(text)
    if trajectory.steps:
        trajectory.steps[-1].resume_inputs.append(text)


def _record_refusal(state: RunState, decided: Decided, refusal: Refusal, model_ms: float) -> None:
    record_step(state, TrajectoryStep(action=decided.action, error=refusal.error, latency_ms=model_ms))


def _hopeless_tool(state: RunState, refusal: Refusal) -> str | None:
    """Return the tool whose arguments were refused too often."""
    most = state.rules.limits.max_consecutive_arg_failures
    by_tool = state.progress.arg_failures_by_tool
    return next((tool for tool in refusal.invalid if by_tool.get(tool, 0) >= most), None)


def _repetition(state: RunState, action: PlannerAction) -> Stop | None:
    limits = state.rules.limits
    if not may_be_repetition(state.progress, limits):
        return None
    return repetition(state.progress, limits, call_digest(action))


def _may_ask_for_more(state: RunState) -> bool:
    return state.rules.limits.on_limit == "pause" and state.rules.pause_enabled


def _tell_decision(state: RunState, token: str, decided: DecidedCall) -> None:
    before, after = decided.pending.calls[decided.position], decided.call
    spec = state.rules.tools.get(after.node)
    state.events.emit(
        "approval_decided",
        resume_token=token,
        tool_call_id=after.call_id,
        tool_name=spec.name if spec is not None else after.node,
        decision=after.decision,
        args=shown_args(after.node, after.args, state.rules.tools) if decided.result is None else None,
        proposed_args=shown_args(before.node, before.args, state.rules.tools),
        action_seq=decided.pending.action_seq,
    )
