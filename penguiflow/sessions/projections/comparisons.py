"""Tool calls and questions to people of two runs, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from penguiflow.sessions.json_parts import Json
from penguiflow.sessions.projections.alignment import Key, Pair, align
from penguiflow.sessions.projections.recorded_run import RecordedCall, RecordedDecision
from penguiflow.sessions.projections.value_changes import ValueChange, canonical, value_changes
from penguiflow.state.events import ContentRef

ComparisonState: TypeAlias = Literal["same", "changed", "added", "removed"]
SameContent: TypeAlias = Callable[[ContentRef, ContentRef], bool]
"""Tells whether two refs stand for the same text. Ids of two sessions differ even when the texts do not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallComparison:
    """One call of either run or of both. `outcome` holds changes of the result, the error, and of `ended`."""

    before: RecordedCall | None
    after: RecordedCall | None
    args: tuple[ValueChange, ...] = ()
    outcome: tuple[ValueChange, ...] = ()

    @property
    def state(self) -> ComparisonState:
        return _state(self.before, self.after, changed=bool(self.args or self.outcome))

    @property
    def latency_change_ms(self) -> float | None:
        """Return how much longer the call took after; `None` when that is not known of both."""
        if self.before is None or self.after is None:
            return None
        if self.before.latency_ms is None or self.after.latency_ms is None:
            return None
        return round(self.after.latency_ms - self.before.latency_ms, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionComparison:
    """One question of either run or of both; `changes` tell of the question and of the answer."""

    before: RecordedDecision | None
    after: RecordedDecision | None
    changes: tuple[ValueChange, ...] = ()

    @property
    def state(self) -> ComparisonState:
        return _state(self.before, self.after, changed=bool(self.changes))


def same_length(one: ContentRef, other: ContentRef) -> bool:
    """Take texts of one length for the same; all that can be said without loading them."""
    return one.chars == other.chars


def compare_calls(
    before: Sequence[RecordedCall], after: Sequence[RecordedCall], same_content: SameContent = same_length
) -> tuple[CallComparison, ...]:
    """Align the calls by tool and arguments, then by tool alone."""
    pairs = align(before, after, same=_same_call, alike=lambda call: (call.tool,))
    return tuple(_call_comparison(pair, same_content) for pair in pairs)


def compare_decisions(
    before: Sequence[RecordedDecision], after: Sequence[RecordedDecision]
) -> tuple[DecisionComparison, ...]:
    """Align the questions by what was asked, then by the tool that asked."""
    pairs = align(before, after, same=_same_question, alike=_alike_question)
    return tuple(_decision_comparison(pair) for pair in pairs)


def _same_call(call: RecordedCall) -> Key:
    return call.tool, canonical(call.args)


def _call_comparison(pair: Pair[RecordedCall], same_content: SameContent) -> CallComparison:
    before, after = pair.before, pair.after
    if before is None or after is None:
        return CallComparison(before=before, after=after)
    return CallComparison(
        before=before,
        after=after,
        args=value_changes(before.args, after.args, "args"),
        outcome=(
            *value_changes(before.ended, after.ended, "ended"),
            *_optional_change(before.error, after.error, "error"),
            *_result_changes(before, after, same_content),
        ),
    )


def _result_changes(
    before: RecordedCall, after: RecordedCall, same_content: SameContent
) -> tuple[ValueChange, ...]:
    if not _has_result(before) and not _has_result(after):
        return ()
    if not _has_result(before):
        return (ValueChange(path="result", kind="added", after=after.result),)
    if not _has_result(after):
        return (ValueChange(path="result", kind="removed", before=before.result),)
    changes = value_changes(before.result, after.result, "result")
    one, other = before.result_content, after.result_content
    if changes or one is None or other is None or same_content(one, other):
        return changes
    # The beginnings are the same, and what is kept beside the history is not.
    return (ValueChange(path="result", kind="changed", before=before.result, after=after.result),)


def _has_result(call: RecordedCall) -> bool:
    return call.ended and call.error is None and call.result is not None


def _same_question(decision: RecordedDecision) -> Key:
    asked = decision.asked
    return (*_alike_question(decision), asked.prompt, canonical(asked.call.args if asked.call else None))


def _alike_question(decision: RecordedDecision) -> Key:
    asked = decision.asked
    return asked.reason, asked.call.tool if asked.call else ""


def _decision_comparison(pair: Pair[RecordedDecision]) -> DecisionComparison:
    before, after = pair.before, pair.after
    if before is None or after is None:
        return DecisionComparison(before=before, after=after)
    changes = value_changes(_question_facts(before), _question_facts(after), "asked")
    one, other = _answer_facts(before), _answer_facts(after)
    return DecisionComparison(
        before=before, after=after, changes=(*changes, *_optional_change(one, other, "decision"))
    )


def _question_facts(decision: RecordedDecision) -> Json:
    asked = decision.asked
    facts: dict[str, Json] = {"prompt": asked.prompt}
    if asked.call is not None:
        return facts | {"args": asked.call.args}
    # The payload of any other reason is made anew for each run: links, states, tokens.
    return facts | ({"payload": asked.payload} if asked.reason == "await_input" else {})


def _answer_facts(decision: RecordedDecision) -> Json:
    answered = decision.answered
    if answered is None:
        return None
    facts = {"kind": answered.decision, "args": answered.args, "text": answered.text}
    return {name: value for name, value in facts.items() if value is not None}


def _optional_change(before: Json, after: Json, path: str) -> tuple[ValueChange, ...]:
    """Compare values of which `None` stands for none."""
    if before is None and after is not None:
        return (ValueChange(path=path, kind="added", after=after),)
    if before is not None and after is None:
        return (ValueChange(path=path, kind="removed", before=before),)
    return value_changes(before, after, path)


def _state(before: object, after: object, *, changed: bool) -> ComparisonState:
    if before is None:
        return "added"
    if after is None:
        return "removed"
    return "changed" if changed else "same"
