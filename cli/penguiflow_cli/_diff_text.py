"""The difference of two runs as text: what is the same in one line, what changed with a sign and a colour."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from types import MappingProxyType

from penguiflow.safe_text import safe_line
from penguiflow.sessions.projections.comparisons import CallComparison, ComparisonState, DecisionComparison
from penguiflow.sessions.projections.diff import RunDiff
from penguiflow.sessions.projections.recorded_run import RecordedCall, RecordedDecision
from penguiflow.state.events import PersonAsked
from penguiflow_cli._cells import fit
from penguiflow_cli._diff_measures import measure_lines
from penguiflow_cli._diff_values import change_lines, text_change_lines
from penguiflow_cli._run_names import short_ids
from penguiflow_cli._run_words import local_time, state_span, state_word
from penguiflow_cli._styled import Span, Style, StyledLine
from penguiflow_tui.model.bounded_json import compact_json
from penguiflow_tui.model.figures import duration_text, plural

_ARGS_CHARS = 200
_SIGNS: Mapping[ComparisonState, tuple[str, Style]] = MappingProxyType(
    {
        "same": ("=", "muted"),
        "changed": ("~", "warning"),
        "added": ("+", "success"),
        "removed": ("-", "error"),
    }
)


def diff_lines(diff: RunDiff, width: int | None) -> Iterator[StyledLine]:
    """Yield the lines in their order."""
    yield from _heads(diff, width)
    yield []
    yield _verdict(diff)
    yield []
    if diff.question:
        yield [Span("~ question", "warning")]
        yield from text_change_lines(diff.before.question, diff.after.question, width)
    yield from _compared_lines(diff, width)
    yield from _outcome_lines(diff, width)
    yield []
    yield from measure_lines(diff.measured_before, diff.measured_after)


def _heads(diff: RunDiff, width: int | None) -> Iterator[StyledLine]:
    names = short_ids([diff.before.run_id, diff.after.run_id])
    for letter, name, run in zip("AB", names, (diff.before, diff.after), strict=True):
        facts = [local_time(run.started_at), run.agent, run.model or ""]
        text = safe_line(f"{name}  " + " · ".join(fact for fact in facts if fact))
        mark = state_span(state_word(run.end, run.reason))
        room = None if width is None else width - 3 - len(mark.text) - 2
        yield [
            Span(f"{letter}  ", "strong"),
            Span(text if room is None else fit(text, room)),
            Span("  "),
            mark,
        ]
    if diff.before.question and not diff.question:
        question = safe_line(diff.before.question)
        yield [Span("   "), Span(question if width is None else fit(question, width - 3), "strong")]


def _verdict(diff: RunDiff) -> StyledLine:
    if not diff.changed:
        return [Span("Nothing changed.", "success")]
    first = diff.first_divergence
    if first is None:
        return [Span("Only the question changed.", "warning")]
    step = f"step {first.step}: " if first.step else ""
    return [Span("First divergence: ", "strong"), Span(f"{step}{first.text}", "warning")]


def _compared_lines(diff: RunDiff, width: int | None) -> Iterator[StyledLine]:
    """Yield what happened in its order: a question to a person before a call of the same step."""
    decisions = deque(diff.decisions)
    for is_same, group in groupby(diff.calls, key=lambda call: call.state == "same"):
        calls = list(group)
        while decisions and _first_step(decisions[0]) <= _first_step(calls[0]):
            yield from _decision_lines(decisions.popleft(), width)
        yield from _same_calls(calls) if is_same else _changed_calls(calls, width)
    for decision in decisions:
        yield from _decision_lines(decision, width)


def _first_step(compared: CallComparison | DecisionComparison) -> int:
    sides: list[int] = []
    for side in (compared.before, compared.after):
        match side:
            case RecordedCall(step=step) | RecordedDecision(asked=PersonAsked(step=step)):
                sides.append(step)
            case None:
                pass
    return sides[0]


def _same_calls(calls: Sequence[CallComparison]) -> list[StyledLine]:
    tools = [call.before.tool for call in calls if call.before is not None]
    steps = [call.before.step for call in calls if call.before is not None]
    where = f"step {steps[0]}" if steps[0] == steps[-1] else f"steps {steps[0]} to {steps[-1]}"
    if len(calls) == 1:
        return [[Span(f"= {where}  {tools[0]}{_times(calls[0])}", "muted")]]
    return [[Span(f"= {where}  {plural(len(calls), 'call')}", "muted")]]


def _changed_calls(calls: Sequence[CallComparison], width: int | None) -> Iterator[StyledLine]:
    for call in calls:
        sign, style = _SIGNS[call.state]
        either = call.before or call.after
        assert either is not None  # a comparison has one side at least
        told = either.args and call.state != "changed"
        args = f" {compact_json(either.args, _ARGS_CHARS).text}" if told else ""
        text = safe_line(f"{sign} {_steps(call)}  {either.tool}{args}")
        yield [Span(text if width is None else fit(text, width), style), Span(_times(call), "muted")]
        yield from change_lines((*call.args, *call.outcome), width)


def _steps(call: CallComparison) -> str:
    steps = [str(side.step) for side in (call.before, call.after) if side is not None]
    return f"step {steps[0]}" if len(set(steps)) == 1 else f"step {' -> '.join(steps)}"


def _times(call: CallComparison) -> str:
    if call.before is None or call.after is None or call.latency_change_ms is None:
        return ""
    return f"  {duration_text(call.before.latency_ms)} -> {duration_text(call.after.latency_ms)}"


def _decision_lines(decision: DecisionComparison, width: int | None) -> Iterator[StyledLine]:
    sign, style = _SIGNS[decision.state]
    either = decision.before or decision.after
    assert either is not None  # a comparison has one side at least
    asked = either.asked
    about = f"may {asked.call.tool} run?" if asked.call else asked.prompt or asked.reason
    said = f" {either.answered.decision}" if either.answered and decision.state != "changed" else ""
    text = safe_line(f"{sign} step {asked.step}  decision: {about}{said}")
    yield [Span(text if width is None else fit(text, width), style)]
    yield from change_lines(decision.changes, width)


def _outcome_lines(diff: RunDiff, width: int | None) -> Iterator[StyledLine]:
    for change in diff.outcome:
        if change.path == "answer" or change.path == "error":
            yield [Span(f"~ {change.path}", "warning")]
            yield from text_change_lines(change.before, change.after, width)
        else:
            ends = [Span(str(change.before), "error"), Span(" -> "), Span(str(change.after), "success")]
            yield [Span(f"~ {change.path}  ", "warning"), *ends]
    if not diff.outcome:
        yield [Span("= answer" if diff.before.answer else f"= {diff.before.end}", "muted")]
