"""What somebody said to a paused run, fitted to what the run waits for.

Pure, so a decision that does not fit changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from penguiflow.catalog import NodeSpec
from penguiflow.planner._loop.approval import as_decision, as_text, resolve
from penguiflow.planner._loop.calls import CallResult, PauseRequest, PendingStep, PlannedCall
from penguiflow.planner._loop.pause_record import PausedRun
from penguiflow.planner.approvals import Decision


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
    """What somebody said to a tool's question; `later` are the questions of other tools of the same step."""

    text: str | None
    later: tuple[PauseRequest, ...]


GoingOn: TypeAlias = DecidedCall | AnsweredQuestion


def interpret(paused: PausedRun, tools: Mapping[str, NodeSpec], user_input: str | Decision | None) -> GoingOn:
    """Return how the run goes on.

    Raises:
        DecisionError: this cannot be said to what the run waits for.
    """
    if paused.pending is None:
        return AnsweredQuestion(text=as_text(user_input), later=paused.later)
    call = paused.pending.calls[paused.position]
    decided, result = resolve(call, tools.get(call.node), as_decision(user_input))
    return DecidedCall(pending=paused.pending, position=paused.position, call=decided, result=result)
