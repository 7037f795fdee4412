"""From the model's final answer to the end of the run, or back to the model when a critique refuses it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, assert_never

from penguiflow.planner._json import Json
from penguiflow.planner._loop.client_call import ModelRequest
from penguiflow.planner._loop.deadline import DeadlineReached
from penguiflow.planner._loop.decide import Decided
from penguiflow.planner._loop.finish import finish_unreadable, finish_with_answer
from penguiflow.planner._loop.model_call import ModelCaller
from penguiflow.planner._loop.recording import record_step
from penguiflow.planner._loop.reflecting import Passed, Reflection, Refused, Unreviewed
from penguiflow.planner._loop.run_state import RunState
from penguiflow.planner._parse.answer import AUTO_PLACEHOLDER, answer_in_reply, longest_text, usable_answer
from penguiflow.planner._prompts.conversation import Message, action_text, message
from penguiflow.planner._prompts.response_format import ANY_JSON
from penguiflow.planner._rules.limits import cost_is_spent, hops_missing, verdict
from penguiflow.planner._rules.progress import DeadlinePassed, FinishRepairEnded, RevisionAsked
from penguiflow.planner.action import PlannerAction
from penguiflow.planner.models import AnswerQuality, PlannerFinish
from penguiflow.planner.trajectory import TrajectoryStep

_ASK_FOR_ANSWER = (
    "Your final_response holds no answer. Write the complete answer for the user now, from the observations "
    'above, as one JSON object {"answer": "..."} and nothing else.'
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer that may end the run."""

    action: PlannerAction
    text: str
    quality: AnswerQuality


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """How a planner ends its runs; `reflection` is None when answers are not judged."""

    models: ModelCaller
    reflection: Reflection | None

    async def end(self, state: RunState, decided: Decided, model_ms: float) -> PlannerFinish | None:
        """Return the end of the run, None when the model must revise its answer."""
        candidate = await self._candidate(state, decided)
        if candidate is None:
            return finish_unreadable(
                state, "the model ended without an answer, also when asked for just that"
            )
        if self.reflection is None:
            return _finished(state, candidate)
        if cost_is_spent(state.progress, state.rules.limits):
            return _finished(state, candidate, "unsatisfied")
        try:
            return await self._judged(state, self.reflection, candidate, model_ms)
        except DeadlineReached:
            # There is an answer; that nobody could judge it in time is no reason to withhold it.
            state.note(DeadlinePassed())
            return _finished(state, candidate, "unsatisfied")

    async def _judged(
        self, state: RunState, reflection: Reflection, candidate: Candidate, model_ms: float
    ) -> PlannerFinish | None:
        judgement = await reflection.judge(state, candidate.text)
        match judgement:
            case Passed():
                return _finished(state, candidate)
            case Unreviewed():
                return _finished(state, candidate, "unreviewed")
            case Refused(critique):
                if state.progress.revisions >= reflection.config.max_revisions:
                    args = await reflection.clarification(state, candidate.action.args, critique)
                    if args is None:
                        return _finished(state, candidate, "unsatisfied")
                    return finish_with_answer(
                        state,
                        args,
                        args["raw_answer"],
                        thought=candidate.action.thought,
                        quality="clarification",
                    )
                if not _has_room(state):
                    return _finished(state, candidate, "unsatisfied")
                step = TrajectoryStep(action=candidate.action, latency_ms=model_ms)
                step.observation = {"status": "revision_requested"}
                step.llm_observation = {
                    "status": "revision_requested",
                    **critique.model_dump(exclude={"passed"}),
                }
                record_step(state, step)
                state.note(RevisionAsked())
                return None
            case _:
                assert_never(judgement)

    async def _candidate(self, state: RunState, decided: Decided) -> Candidate | None:
        action = decided.action
        text = usable_answer(action.args)
        if text is not None:
            return Candidate(action, text, decided.quality)
        if not (state.progress.finish_repairs_succeeded or state.progress.finish_repairs_failed):
            text = await self._asked_for(state, action)
            if text is not None:
                args = {**action.args, "answer": text, "raw_answer": text}
                return Candidate(action.model_copy(update={"args": args}), text, "repaired")
        text = longest_text(_without_empty(action.args)) or longest_text(state.trajectory.last_observation())
        return None if text is None else Candidate(action, text, "fallback")

    async def _asked_for(self, state: RunState, action: PlannerAction) -> str | None:
        state.events.emit("finish_repair_attempt")
        exchange: list[Message] = [
            message("assistant", action_text(action)),
            message("user", _ASK_FOR_ANSWER),
        ]
        request = ModelRequest(messages=state.conversation.messages(exchange), response_format=ANY_JSON)
        reply = await self.models.ask(state, request, purpose="finish_repair")
        text = answer_in_reply(reply.text)
        state.note(FinishRepairEnded(succeeded=text is not None))
        if text is None:
            state.events.emit("finish_repair_failure", raw_len=len(reply.text))
            return None
        state.events.emit("finish_repair_success", answer_len=len(text))
        for piece, done in ((text, False), ("", True)):
            state.events.emit(
                "llm_stream_chunk",
                text=piece,
                done=done,
                phase="args",
                channel="answer",
                action_seq=state.progress.action_seq,
            )
        return text


def refused_answer(state: RunState) -> PlannerFinish | None:
    """Return the end with the last answer that a critique refused, None when none was."""
    for step in reversed(state.trajectory.steps):
        text = usable_answer(step.action.args) if step.action.is_terminal() else None
        if text is not None:
            return _finished(state, Candidate(step.action, text, "unsatisfied"))
    return None


def _finished(state: RunState, candidate: Candidate, quality: AnswerQuality | None = None) -> PlannerFinish:
    return finish_with_answer(
        state,
        candidate.action.args,
        candidate.text,
        thought=candidate.action.thought,
        quality=quality or candidate.quality,
    )


def _has_room(state: RunState) -> bool:
    """Return whether the model may take another step and use a tool in it."""
    limits, steps = state.rules.limits, len(state.trajectory.steps) + 1
    return verdict(state.progress, limits, steps=steps) is None and not hops_missing(
        state.progress, limits, 1
    )


def _without_empty(args: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in args.items() if not _is_blank(value)}


def _is_blank(value: Json) -> bool:
    return value in (None, [], {}) or (isinstance(value, str) and value.strip() in ("", AUTO_PLACEHOLDER))
