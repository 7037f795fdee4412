"""The end of a run, written out for the caller."""

from __future__ import annotations

from pydantic import ValidationError

from penguiflow.planner._json import Json, JsonObject
from penguiflow.planner._loop.limits import Stop
from penguiflow.planner._loop.run_state import Ending, RunState
from penguiflow.planner._parse.answer import usable_answer
from penguiflow.planner.action import PlannerAction
from penguiflow.planner.models import FinalPayload, FinishReason, PlannerFinish


def finish_with_answer(state: RunState, action: PlannerAction, *, attempts: int) -> PlannerFinish:
    """Return the model's answer; it was repaired when the first reply could not be used."""
    ending = Ending(thought=action.thought, quality="answer" if attempts == 1 else "repaired")
    return _finish(state, "answer_complete", final_payload(action.args).model_dump(mode="json"), ending)


def finish_without_answer(state: RunState, stop: Stop) -> PlannerFinish:
    """Return the end at a limit; the payload is the last observation as it was."""
    ending = Ending(thought=stop.thought, error=stop.thought)
    return _finish(state, stop.reason, state.trajectory.last_observation(), ending)


def finish_unreadable(state: RunState, error: str) -> PlannerFinish:
    """Return the end of a run whose model gave nothing usable; that is never an answer."""
    ending = Ending(thought="the model's replies could not be used", error=error)
    return _finish(state, "no_path", state.trajectory.last_observation(), ending)


def finish_with_bad_args(state: RunState, tool: str, error: str, missing: list[str]) -> PlannerFinish:
    """Return the end of a run whose model kept calling a tool with invalid arguments."""
    payload: JsonObject = {
        "requires_followup": True,
        "failure_reason": "consecutive_arg_failures",
        "tool": tool,
        "last_error": error,
        "missing_fields": missing,
    }
    finish = _finish(state, "no_path", payload, Ending(thought="arguments kept failing", error=error))
    finish.metadata["requires_followup"] = True
    return finish


def final_payload(args: JsonObject) -> FinalPayload:
    """Return the payload of a final answer; fields the model filled with nonsense fall back to empty ones."""
    answer = usable_answer(args) or ""
    known = {key: value for key, value in args.items() if key in FinalPayload.model_fields and key != "extra"}
    extra = {key: value for key, value in args.items() if key not in FinalPayload.model_fields}
    while True:
        try:
            return FinalPayload.model_validate({**known, "raw_answer": answer, "extra": extra})
        except ValidationError as exc:
            for problem in exc.errors(include_url=False, include_context=False, include_input=False):
                known.pop(str(problem["loc"][0]), None)


def cost_record(state: RunState) -> JsonObject:
    """Return what the run cost as far as anybody knows; `cost_known` is False when a call had no price."""
    return {
        "total_cost_usd": state.progress.known_cost_usd,
        "main_llm_calls": state.progress.llm_calls,
        "reflection_llm_calls": 0,
        "summarizer_llm_calls": 0,
        "cost_known": state.progress.unpriced_calls == 0,
    }


def _finish(state: RunState, reason: FinishReason, payload: Json, ending: Ending) -> PlannerFinish:
    metadata = _metadata(state, reason, payload, ending)
    state.events.emit(
        "finish",
        thought=ending.thought,
        error=ending.error,
        reason=reason,
        cost=metadata["cost"],
        answer_action_seq=state.progress.action_seq,
    )
    return PlannerFinish(reason=reason, payload=payload, metadata=metadata)


def _metadata(state: RunState, reason: FinishReason, payload: Json, ending: Ending) -> JsonObject:
    progress, trajectory = state.progress, state.trajectory
    is_answer = reason == "answer_complete"
    metadata: JsonObject = {
        "reason": reason,
        "thought": ending.thought,
        "answer_quality": ending.quality,
        "steps": trajectory.to_history(),
        "step_count": len(trajectory.steps),
        "artifacts": payload["artifacts"] if is_answer else {},
        "sources": payload["sources"] if is_answer else [],
        "llm_context": dict(state.llm_context),
        "tool_context": {},  # documented as a key; what tools alone may see never leaves through it
        "cost": cost_record(state),
        "constraints": _constraints(state),
        "answer_action_seq": progress.action_seq,
        "validation_failures_count": progress.unreadable_replies,
        "repair_attempts": progress.unreadable_replies,
        "args_invalid_count": progress.invalid_args,
        "consecutive_arg_failures": progress.consecutive_arg_failures,
    }
    return metadata if ending.error is None else {**metadata, "error": ending.error}


def _constraints(state: RunState) -> JsonObject:
    return {
        "deadline_at": state.deadline.at,
        "deadline_remaining_s": state.deadline.remaining_s(),
        "hop_budget": state.rules.limits.hop_budget,
        "hops_used": state.progress.hops_used,
        "deadline_triggered": state.progress.deadline_passed,
        "hop_exhausted": state.progress.hop_exhausted,
    }
