"""What the join of a parallel plan receives, and when it runs at all."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from pydantic import BaseModel

from penguiflow.planner._json import JsonObject
from penguiflow.planner._rules.calls import CallResult, PendingStep, PlannedCall
from penguiflow.planner._rules.judge import Refusal, Rules, plan_call
from penguiflow.planner.action import ParallelCall, ParallelJoin

logger = logging.getLogger("penguiflow.planner")

# Field names that a join without `inject` receives, and the source of each.
_IMPLICIT = {
    "expect": "$expect",
    "results": "$results",
    "branches": "$branches",
    "failures": "$failures",
    "success_count": "$success_count",
    "failure_count": "$failure_count",
}


def branch_records(pending: PendingStep, *, shortened: bool = False) -> list[JsonObject]:
    """Return each branch in plan order, with its result in full or as the model reads it."""
    pairs = zip(pending.calls, pending.results, strict=True)
    return [
        branch_record(call, result, shortened=shortened)
        for call, result in list(pairs)[: pending.branch_count]
        if result is not None
    ]


def branch_record(call: PlannedCall, result: CallResult, *, shortened: bool = False) -> JsonObject:
    """Return one branch, with its result in full or as the model reads it."""
    record: JsonObject = {"node": call.node, "args": call.args}
    if result.pause is not None:
        record["pause"] = {"reason": result.pause.reason, "payload": result.pause.payload}
    elif result.error is not None:
        record["error"] = result.error
        if result.failure is not None:
            record["failure"] = result.failure
    else:
        record["observation"] = result.shown() if shortened else result.observation
    if call.decision is not None and call.decision.get("decision") == "edit":
        record["changed_by_person"] = {"args_that_ran": call.args}
    return record


def injection_sources(pending: PendingStep) -> JsonObject:
    """Return the values a join can inject, by source name."""
    branches = branch_records(pending)
    results = [
        result.observation
        for result in pending.results[: pending.branch_count]
        if result is not None and result.status == "succeeded"
    ]
    failures = [branch for branch in branches if "error" in branch]
    return {
        "$results": results,
        "$expect": len(branches),
        "$branches": branches,
        "$failures": failures,
        "$success_count": len(results),
        "$failure_count": len(failures),
    }


def join_is_due(pending: PendingStep, join: ParallelJoin) -> bool:
    """Return whether the join must be planned now: it was not yet, and enough of the branches succeeded."""
    statuses = [result.status for result in pending.settled()]
    if pending.join_planned or len(statuses) < len(pending.results) or "paused" in statuses:
        return False
    return join.on_failure == "partial" or "failed" not in statuses


def plan_join(pending: PendingStep, join: ParallelJoin, rules: Rules) -> PendingStep:
    """Return the step with its join planned, or settled as failed when it cannot be called."""
    call_id = f"call_{pending.action_seq}_parallel_join"
    sources = injection_sources(pending)
    mapping = _mapping_of(join, rules)
    unknown = sorted(source for source in mapping.values() if source not in sources)
    args = join.args | {name: sources[source] for name, source in mapping.items() if source in sources}
    planned: PlannedCall | Refusal
    if unknown:
        planned = Refusal(
            error=f"join cannot inject `{', '.join(unknown)}`; valid sources: {', '.join(sources)}"
        )
    else:
        planned = plan_call(call_id, ParallelCall(node=join.node, args=args), pending.action, rules)
    if isinstance(planned, PlannedCall):
        return pending.with_join(planned)
    failed = CallResult(status="failed", error=planned.error)
    return pending.with_join(PlannedCall(call_id=call_id, node=join.node, args=join.args), failed)


def join_context(pending: PendingStep) -> JsonObject:
    """Return what a join finds in its `tool_context` besides the caller's values."""
    sources = injection_sources(pending)
    return {
        "parallel_results": sources["$branches"],
        "parallel_success_count": sources["$success_count"],
        "parallel_failure_count": sources["$failure_count"],
        "parallel_failures": sources["$failures"] or None,
        "parallel_input": dict(pending.calls[-1].args),
    }


def join_outcome(pending: PendingStep, join: ParallelJoin, *, shortened: bool = False) -> JsonObject:
    """Return what became of the join, with its result in full or as the model reads it."""
    if pending.join_planned:
        call, result = pending.calls[-1], pending.results[-1]
        assert result is not None, "a step is recorded only when all its calls are settled"
        record = branch_record(call, result, shortened=shortened)
        return {key: value for key, value in record.items() if key != "args"}
    failures = [branch for branch in branch_records(pending) if "error" in branch]
    if failures:
        listed = [
            {key: branch[key] for key in ("node", "error", "failure") if key in branch} for branch in failures
        ]
        return {"node": join.node, "status": "skipped", "reason": "branch_failures", "failures": listed}
    return {"node": join.node, "status": "skipped", "reason": "pause"}


def _mapping_of(join: ParallelJoin, rules: Rules) -> Mapping[str, str]:
    if join.inject is not None:
        return join.inject.mapping
    spec = rules.tools.get(join.node)
    fields = _fields(spec.args_model) if spec is not None else frozenset[str]()
    mapping = {name: source for name, source in _IMPLICIT.items() if name in fields and name not in join.args}
    if mapping:
        logger.warning(
            "Implicit join injection is deprecated; let the plan name its sources, "
            'for example "inject": {"results": "$results"}',
            extra={"join": join.node, "fields": sorted(mapping)},
        )
    return mapping


def _fields(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(model.model_fields)
