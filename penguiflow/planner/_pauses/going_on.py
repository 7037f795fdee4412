"""What somebody said to a paused run, fitted to what the run waits for.

Pure, so an answer that does not fit changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from penguiflow.catalog import NodeSpec
from penguiflow.planner._json import JsonObject, json_text
from penguiflow.planner._pauses.record import PausedRun, Question
from penguiflow.planner._rules.approval import as_decision, as_text, resolve
from penguiflow.planner._rules.calls import CallResult, PendingStep, PlannedCall
from penguiflow.planner._rules.progress import ExtendableLimit
from penguiflow.planner._summary import cut
from penguiflow.planner.approvals import (
    Approve,
    Decision,
    DecisionError,
    Reject,
    Respond,
    decision_from_json,
    decision_to_json,
)

_QUESTION_CHARS = 200

# What people say to a limit.
_WORDS = {
    **dict.fromkeys(("approve", "yes", "continue", "go on"), True),
    **dict.fromkeys(("reject", "no", "stop", "end"), False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedCall:
    """A call somebody decided about; with a `result` when it must not run any more."""

    pending: PendingStep
    position: int
    call: PlannedCall
    result: CallResult | None

    def settled(self) -> PendingStep:
        """Return the step with the decision in it."""
        pending = self.pending.with_call(self.position, self.call)
        return pending if self.result is None else pending.with_results({self.position: self.result})


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredQuestion:
    """What somebody said to a tool's question."""

    text: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredLimit:
    """What somebody said to a limit: the run may go on as far again, or must end."""

    limit: ExtendableLimit
    extends: bool


GoingOn: TypeAlias = DecidedCall | AnsweredQuestion | AnsweredLimit


def interpret(
    paused: PausedRun, token: str, tools: Mapping[str, NodeSpec], user_input: str | Decision | None
) -> GoingOn:
    """Return how the run goes on.

    Raises:
        DecisionError: this cannot be said to what the run waits for.
    """
    question = paused.question(token)
    if question.limit is not None:
        return AnsweredLimit(limit=question.limit, extends=_extends(user_input))
    if question.position is None or paused.pending is None:
        return AnsweredQuestion(text=_with_question(as_text(user_input), question))
    call = paused.pending.calls[question.position]
    decided, result = resolve(call, tools.get(call.node), as_decision(user_input))
    return DecidedCall(pending=paused.pending, position=question.position, call=decided, result=result)


def answer_record(user_input: str | Decision | None) -> JsonObject:
    """Return the stored form of what somebody said."""
    if user_input is None or isinstance(user_input, str):
        return {"text": user_input}
    return decision_to_json(user_input)


def read_answer(record: Mapping[str, Any]) -> str | Decision | None:
    """Read what `answer_record` wrote."""
    if "decision" in record:
        return decision_from_json(record)
    text = record.get("text")
    return None if text is None else str(text)


def _with_question(text: str | None, question: Question) -> str | None:
    """Say which of several questions a text answers, since they may be answered in any order."""
    if not text or question.node is None:
        return text
    asked = cut(json_text(question.asked.payload), _QUESTION_CHARS)
    return f"{text} (answers what `{question.node}` asked: {asked})"


def _extends(user_input: str | Decision | None) -> bool:
    """Return whether a limit is extended; a text that merely sounds like a yes or a no is not guessed at."""
    said = user_input.text if isinstance(user_input, Respond) else user_input
    if isinstance(said, str):
        word = said.strip().lower()
        if word in _WORDS or word.startswith("reject:"):
            return _WORDS.get(word, False)
    elif said is None or isinstance(said, Approve | Reject):
        return not isinstance(said, Reject)
    raise DecisionError("the run waits at a limit: say approve to allow as much again, or reject to end it")
