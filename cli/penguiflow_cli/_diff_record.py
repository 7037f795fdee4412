"""The difference of two runs as one JSON object."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from penguiflow.sessions.projections.comparisons import CallComparison, DecisionComparison
from penguiflow.sessions.projections.diff import RunDiff
from penguiflow.sessions.projections.recorded_run import RecordedCall, RecordedRun
from penguiflow.sessions.projections.value_changes import ValueChange
from penguiflow_cli._run_words import state_word


def diff_record(diff: RunDiff) -> dict[str, Any]:
    """Return the object; `calls` and `decisions` hold what is the same too."""
    first = diff.first_divergence
    return {
        "v": 1,
        "type": "diff",
        "changed": diff.changed,
        "change_count": diff.change_count,
        "first_divergence": None if first is None else asdict(first),
        "a": _run(diff.before) | asdict(diff.measured_before),
        "b": _run(diff.after) | asdict(diff.measured_after),
        "question": [_change(change) for change in diff.question],
        "calls": [_call(call) for call in diff.calls],
        "decisions": [_decision(decision) for decision in diff.decisions],
        "outcome": [_change(change) for change in diff.outcome],
    }


def _run(run: RecordedRun) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "session_id": run.session_id,
        "agent": run.agent,
        "model": run.model,
        "question": run.question,
        "state": state_word(run.end, run.reason),
    }


def _call(call: CallComparison) -> dict[str, Any]:
    return {
        "state": call.state,
        "a": _side(call.before),
        "b": _side(call.after),
        "changes": [_change(change) for change in (*call.args, *call.outcome)],
        "latency_change_ms": call.latency_change_ms,
    }


def _side(call: RecordedCall | None) -> dict[str, Any] | None:
    if call is None:
        return None
    return {
        "step": call.step,
        "call_id": call.call_id,
        "tool": call.tool,
        "args": call.args,
        "latency_ms": call.latency_ms,
    }


def _decision(decision: DecisionComparison) -> dict[str, Any]:
    sides = {
        name: None if side is None else {"step": side.asked.step, "resume_token": side.asked.request_id}
        for name, side in (("a", decision.before), ("b", decision.after))
    }
    either = decision.before or decision.after
    tool = either.asked.call.tool if either is not None and either.asked.call else None
    changes = [_change(change) for change in decision.changes]
    return {"state": decision.state, "tool": tool, **sides, "changes": changes}


def _change(change: ValueChange) -> dict[str, Any]:
    record: dict[str, Any] = {"path": change.path, "kind": change.kind}
    if change.kind != "added":
        record["a"] = change.before
    if change.kind != "removed":
        record["b"] = change.after
    return record
