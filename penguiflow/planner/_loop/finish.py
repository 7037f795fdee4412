"""The end of a run, written out for the caller."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from penguiflow.planner._json import Json, JsonObject, is_object
from penguiflow.planner._loop.queue import clear
from penguiflow.planner._loop.run_state import RunState
from penguiflow.planner._prompts.conversation import MEMORY_KEY
from penguiflow.planner._rules.limits import Stop, hop_limit
from penguiflow.planner.models import AnswerQuality, FinalPayload, FinishReason, PlannerFinish

logger = logging.getLogger("penguiflow.planner")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ends, before it is written out."""

    thought: str
    quality: AnswerQuality = "none"
    error: str | None = None
    requires_followup: bool = False


def finish_with_answer(
    state: RunState, args: Mapping[str, Any], answer: str, *, thought: str, quality: AnswerQuality
) -> PlannerFinish:
    """Return the answer with what the model said about it, and with what tools gave on the way."""
    payload = final_payload(args, answer).model_dump(mode="json")
    if state.trajectory.artifacts:
        payload["artifacts"] = dict(state.trajectory.artifacts)
    if state.trajectory.sources:
        payload["sources"] = list(state.trajectory.sources)
    return _finish(state, "answer_complete", payload, Ending(thought=thought, quality=quality))


def finish_without_answer(state: RunState, stop: Stop) -> PlannerFinish:
    """Return the end at a limit; the payload is the last observation as it was."""
    ending = Ending(thought=stop.thought, error=stop.thought)
    return _finish(state, stop.reason, state.trajectory.last_observation(), ending)


def finish_unreadable(state: RunState, error: str) -> PlannerFinish:
    """Return the end of a run whose model gave nothing usable; that is never an answer."""
    ending = Ending(thought="the model's replies could not be used", error=error)
    return _finish(state, "no_path", state.trajectory.last_observation(), ending)


def finish_gracefully(state: RunState, text: str, *, failure_reason: str, tool: str) -> PlannerFinish:
    """Return what the model says to the person about a tool it could not call."""
    payload: JsonObject = {
        "raw_answer": text,
        "graceful_failure": True,
        "failure_reason": failure_reason,
        "tool": tool,
    }
    ending = Ending(thought=f"the arguments of `{tool}` kept failing", quality="graceful_failure")
    return _finish(state, "answer_complete", payload, ending)


def finish_asking_for_args(
    state: RunState, failure_reason: str, tool: str, error: str, missing: Sequence[str], more: JsonObject
) -> PlannerFinish:
    """Return the end of a run that cannot call a tool without more from the person."""
    payload: JsonObject = {
        "requires_followup": True,
        "failure_reason": failure_reason,
        "tool": tool,
        "missing_fields": list(missing),
        **more,
    }
    ending = Ending(thought=f"the arguments of `{tool}` kept failing", error=error, requires_followup=True)
    return _finish(state, "no_path", payload, ending)


def final_payload(args: Mapping[str, Any], answer: str) -> FinalPayload:
    """Return the payload of a final answer; fields the model filled with nonsense fall back to empty ones."""
    known = {key: value for key, value in args.items() if key in FinalPayload.model_fields and key != "extra"}
    extra = {key: value for key, value in args.items() if key not in FinalPayload.model_fields}
    given: Json = args.get("extra")
    extra |= given if is_object(given) else {}
    while True:
        try:
            return FinalPayload.model_validate({**known, "raw_answer": answer, "extra": extra})
        except ValidationError as exc:
            problems = exc.errors(include_url=False, include_context=False, include_input=False)
            wrong = sorted({str(problem["loc"][0]) for problem in problems})
            logger.warning("the model filled fields of its answer wrongly; left out: %s", ", ".join(wrong))
            known = {key: value for key, value in known.items() if key not in wrong}


def _finish(state: RunState, reason: FinishReason, payload: Json, ending: Ending) -> PlannerFinish:
    clear(state)
    metadata = _metadata(state, reason, ending)
    state.events.emit(
        "finish",
        thought=ending.thought,
        error=ending.error,
        reason=reason,
        cost=metadata["cost"],
        answer_action_seq=state.progress.action_seq,
    )
    return PlannerFinish(reason=reason, payload=payload, metadata=metadata)


def _metadata(state: RunState, reason: FinishReason, ending: Ending) -> JsonObject:
    progress, trajectory = state.progress, state.trajectory
    metadata: JsonObject = {
        "reason": reason,
        "thought": ending.thought,
        "answer_quality": ending.quality,
        "steps": trajectory.to_history(),
        "step_count": len(trajectory.steps),
        "artifacts": dict(trajectory.artifacts),
        "sources": list(trajectory.sources),
        "llm_context": {key: value for key, value in state.llm_context.items() if key != MEMORY_KEY},
        "tool_context": {},  # documented as a key; what tools alone may see never leaves through it
        "cost": progress.spend.to_json(),
        "constraints": _constraints(state),
        "answer_action_seq": progress.action_seq,
        **_counters(state),
    }
    optional: JsonObject = {
        "error": ending.error,
        "reflection": dict(progress.reflection) if progress.reflection is not None else None,
        "requires_followup": ending.requires_followup or None,
        "trajectory_metadata": dict(trajectory.metadata) or None,
    }
    return metadata | {key: value for key, value in optional.items() if value is not None}


def _counters(state: RunState) -> JsonObject:
    progress = state.progress
    return {
        "validation_failures_count": progress.unreadable_replies,
        "repair_attempts": progress.unreadable_replies,
        "salvage_used": progress.salvage_used,
        "args_invalid_count": progress.invalid_args,
        "args_suspect_count": progress.suspect_args,
        "consecutive_arg_failures": progress.consecutive_arg_failures,
        "autofill_rejection_count": 0,  # nothing is ever filled in, so nothing filled in is rejected
        "arg_fill_success_count": progress.arg_fills_succeeded,
        "arg_fill_failure_count": progress.arg_fills_failed,
        "finish_repair_success_count": progress.finish_repairs_succeeded,
        "finish_repair_failure_count": progress.finish_repairs_failed,
    }


def _constraints(state: RunState) -> JsonObject:
    return {
        "deadline_at": state.deadline.at,
        "deadline_remaining_s": state.deadline.remaining_s(),
        "hop_budget": hop_limit(state.progress, state.rules.limits),
        "hops_used": state.progress.hops_used,
        "deadline_triggered": state.progress.deadline_passed,
        "hop_exhausted": state.progress.hop_exhausted,
    }
