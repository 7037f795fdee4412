"""Where two runs part: the first difference of what they did, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from penguiflow.sessions.projections.comparisons import CallComparison, DecisionComparison
from penguiflow.sessions.projections.recorded_run import RecordedCall, RecordedDecision
from penguiflow.sessions.projections.value_changes import ValueChange


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """`step` is that of the run before, or after when only that has it. `text` names tools in backticks."""

    step: int
    text: str


def first_divergence(
    calls: Sequence[CallComparison],
    decisions: Sequence[DecisionComparison],
    outcome: Sequence[ValueChange],
    *,
    last_step: int,
) -> Divergence | None:
    """Return the first difference; a person is asked before a call of the same step runs."""
    found = [_of_decisions(decisions), _of_calls(calls), _of_outcome(outcome, last_step)]
    return min((each for each in found if each is not None), key=lambda each: each.step, default=None)


def _of_calls(calls: Sequence[CallComparison]) -> Divergence | None:
    for place, call in enumerate(calls):
        match call.before, call.after:
            case RecordedCall() as gone, None:
                return Divergence(step=gone.step, text=_gone_text(gone, calls[place + 1 :]))
            case None, RecordedCall() as new:
                return Divergence(step=new.step, text=f"`{new.tool}` was called as well")
            case RecordedCall() as before, RecordedCall() as after if call.state == "changed":
                return Divergence(step=before.step, text=f"`{before.tool}` {_call_text(call, before, after)}")
            case _:
                pass
    return None


def _gone_text(gone: RecordedCall, following: Sequence[CallComparison]) -> str:
    """Tell what was called in the place of a call: what is new before the next common call."""
    for call in following:
        if call.before is None and call.after is not None:
            return f"`{call.after.tool}` was called instead of `{gone.tool}`"
        if call.after is not None:
            break
    return f"`{gone.tool}` was not called"


def _call_text(call: CallComparison, before: RecordedCall, after: RecordedCall) -> str:
    if call.args:
        return "was called with other arguments"
    if before.ended != after.ended:
        return "ended" if after.ended else "did not end"
    if before.error is None and after.error is not None:
        return "failed"
    if before.error is not None and after.error is None:
        return "did not fail"
    return "failed in another way" if after.error is not None else "gave another result"


def _of_decisions(decisions: Sequence[DecisionComparison]) -> Divergence | None:
    for each in decisions:
        match each.before, each.after:
            case RecordedDecision(asked=asked) as gone, None:
                return Divergence(step=asked.step, text=f"nobody was asked{_about(gone)}")
            case None, RecordedDecision(asked=asked) as new:
                return Divergence(step=asked.step, text=f"a person was asked{_about(new)}")
            case RecordedDecision() as before, RecordedDecision() as after if each.changes:
                return Divergence(step=before.asked.step, text=_decision_text(each, before, after))
            case _:
                pass
    return None


def _decision_text(each: DecisionComparison, before: RecordedDecision, after: RecordedDecision) -> str:
    if any(change.path.startswith("asked") for change in each.changes):
        return f"a person was asked otherwise{_about(before)}"
    one = before.answered.decision if before.answered else "nothing"
    other = after.answered.decision if after.answered else "nothing"
    if one == other:
        return f"a person answered otherwise{_about(before)}"
    return f"a person said `{other}` instead of `{one}`{_about(before)}"


def _about(decision: RecordedDecision) -> str:
    return f" about `{decision.asked.call.tool}`" if decision.asked.call else ""


def _of_outcome(outcome: Sequence[ValueChange], last_step: int) -> Divergence | None:
    if not outcome:
        return None
    first = outcome[0]
    match first.path:
        case "end":
            text = f"the run is `{first.after}` instead of `{first.before}`"
        case "reason":
            text = f"the run ended with `{first.after}` instead of `{first.before}`"
        case "answer":
            text = "the answer is another one"
        case _:
            text = "the run failed in another way"
    return Divergence(step=last_step, text=text)
