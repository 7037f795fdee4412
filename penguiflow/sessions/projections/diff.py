"""How two runs differ: which tools were called with what, what came back, what people decided, how it ended.

Ids, times, latencies, costs and counts of tokens and steps are measured, never compared; so are the names of
the agent and of its model.
"""

from __future__ import annotations

from dataclasses import dataclass

from penguiflow.sessions.projections.comparisons import (
    CallComparison,
    DecisionComparison,
    SameContent,
    compare_calls,
    compare_decisions,
    same_length,
)
from penguiflow.sessions.projections.divergence import Divergence, first_divergence
from penguiflow.sessions.projections.measures import RunMeasures, measures_of
from penguiflow.sessions.projections.recorded_run import RecordedRun
from penguiflow.sessions.projections.value_changes import ValueChange, value_changes


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDiff:
    """Two runs side by side; what is the same is in `calls` and `decisions` too.

    `question` and `outcome` (end, reason, error, answer) hold changes only. `first_divergence` is the first
    change of what the agent or a person did, `None` when at most the question differs.
    """

    before: RecordedRun
    after: RecordedRun
    question: tuple[ValueChange, ...]
    calls: tuple[CallComparison, ...]
    decisions: tuple[DecisionComparison, ...]
    outcome: tuple[ValueChange, ...]
    first_divergence: Divergence | None
    measured_before: RunMeasures
    measured_after: RunMeasures

    @property
    def change_count(self) -> int:
        """Return how many calls, decisions and other parts changed."""
        calls = sum(call.state != "same" for call in self.calls)
        decisions = sum(decision.state != "same" for decision in self.decisions)
        return len(self.question) + calls + decisions + len(self.outcome)

    @property
    def changed(self) -> bool:
        return self.change_count > 0


def diff_runs(before: RecordedRun, after: RecordedRun, *, same_content: SameContent = same_length) -> RunDiff:
    """Compare two runs; `same_content` is asked where long results begin alike."""
    calls = compare_calls(before.calls, after.calls, same_content)
    decisions = compare_decisions(before.decisions, after.decisions)
    outcome = _outcome_changes(before, after)
    return RunDiff(
        before=before,
        after=after,
        question=value_changes(before.question, after.question, "question"),
        calls=calls,
        decisions=decisions,
        outcome=outcome,
        first_divergence=first_divergence(
            calls, decisions, outcome, last_step=max(before.steps, after.steps)
        ),
        measured_before=measures_of(before),
        measured_after=measures_of(after),
    )


def _outcome_changes(before: RecordedRun, after: RecordedRun) -> tuple[ValueChange, ...]:
    facts = [
        ("end", before.end, after.end),
        ("error", _error_text(before), _error_text(after)),
        ("answer", before.answer, after.answer),
    ]
    if before.end == after.end:  # else only one of them has a reason, which the end tells already
        facts.insert(1, ("reason", before.reason, after.reason))
    changes = (value_changes(one, other, path) for path, one, other in facts)
    return tuple(change for found in changes for change in found)


def _error_text(run: RecordedRun) -> str:
    return f"{run.error.code}: {run.error.message}" if run.error else ""
