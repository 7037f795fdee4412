"""Lets a run wait: stores it under a token per question and tells who listens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from penguiflow.planner._json import JsonObject
from penguiflow.planner._loop.run_state import RunState
from penguiflow.planner._pauses.desk import PauseDesk
from penguiflow.planner._pauses.record import PausedRun, Question, pause_record
from penguiflow.planner._rules.calls import PauseRequest, PendingStep
from penguiflow.planner._rules.progress import ExtendableLimit
from penguiflow.planner.models import PlannerPause

NOTHING_SAID: JsonObject = {"text": None}
"""The stored form of no answer; see `going_on.answer_record`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenQuestion:
    """A question that has no token yet; see `Question`."""

    asked: PauseRequest
    position: int | None = None
    limit: ExtendableLimit | None = None
    node: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StillOpen:
    """Questions that already have their tokens, and the group under which their run is kept, if it is one."""

    questions: tuple[Question, ...] = ()
    group: str | None = None


async def wait(
    state: RunState,
    desk: PauseDesk,
    new: Sequence[OpenQuestion] = (),
    *,
    still_open: StillOpen | None = None,
    pending: PendingStep | None = None,
) -> PlannerPause:
    """Store the run and return what it waits for.

    Raises:
        PauseNotSavedError: the store failed; the run cannot wait.
    """
    still_open = still_open or StillOpen()
    asked = [
        Question(token=token, asked=open_.asked, position=open_.position, limit=open_.limit, node=open_.node)
        for token, open_ in zip(desk.new_tokens(len(new)), new, strict=True)
    ]
    questions = (*still_open.questions, *asked)
    # When none of its questions is left the group is over, and what is asked now has tokens of its own.
    group = still_open.group if still_open.questions else None
    await desk.put(
        paused_record(state, questions, pending),
        state.tool_context,
        new=[question.token for question in asked],
        open_before=[question.token for question in still_open.questions],
        group=group,
    )
    for question in asked:
        state.events.emit(
            "pause",
            reason=question.asked.reason,
            payload=question.asked.payload,
            resume_token=question.token,
            action_seq=state.progress.action_seq,
        )
    first, *others = [_pause(question) for question in questions]
    return first.model_copy(update={"also": others})


def settled_record(state: RunState, token: str) -> JsonObject:
    """Return the stored form of a run whose decided call is done, to go on from without another word."""
    asked = PauseRequest(reason="approval_required")
    return paused_record(state, (Question(token=token, asked=asked),), None)


def paused_record(
    state: RunState, questions: tuple[Question, ...], pending: PendingStep | None
) -> JsonObject:
    """Return the stored form of the run as it is now."""
    state.trajectory.tool_context = state.tool_context
    paused = PausedRun(
        run_id=state.run_id,
        owner=state.owner,
        trajectory=state.trajectory,
        progress=state.progress,
        questions=questions,
        deadline_remaining_s=state.deadline.remaining_s(),
        pending=pending,
    )
    return pause_record(paused, state.rules.limits.hop_budget)


def _pause(question: Question) -> PlannerPause:
    return PlannerPause(
        reason=question.asked.reason, payload=question.asked.payload, resume_token=question.token
    )
