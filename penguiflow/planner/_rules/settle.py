"""A step whose calls are all settled becomes one entry of the trajectory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from penguiflow.planner._json import JsonObject
from penguiflow.planner._rules.calls import CallResult, PendingStep, Streams
from penguiflow.planner._rules.join import branch_records, join_outcome
from penguiflow.planner.trajectory import TrajectoryStep


def settled_step(pending: PendingStep) -> TrajectoryStep:
    """Return the trajectory step of a pending one."""
    results = pending.settled()
    branches, join = results[: pending.branch_count], results[pending.branch_count :]
    tools_ms = max(result.latency_ms for result in branches) + sum(result.latency_ms for result in join)
    step = (
        _parallel_step(pending, results)
        if pending.action.is_parallel()
        else _single_step(pending, results[0])
    )
    step.streams = _all_streams(results) or None
    step.latency_ms = pending.model_ms + tools_ms
    return step


def _single_step(pending: PendingStep, result: CallResult) -> TrajectoryStep:
    step = TrajectoryStep(action=pending.action, decision=pending.calls[0].decision)
    if result.pause is not None:
        step.observation = {"pause": result.pause.reason, "payload": result.pause.payload}
        return step
    step.observation = result.observation
    step.llm_observation = result.llm_observation
    step.error = result.error
    step.failure = result.failure
    return step


def _parallel_step(pending: PendingStep, results: Sequence[CallResult]) -> TrajectoryStep:
    step = TrajectoryStep(action=pending.action, observation=_parallel_observation(pending, shortened=False))
    if any(result.llm_observation is not None for result in results):
        step.llm_observation = _parallel_observation(pending, shortened=True)
    return step


def _parallel_observation(pending: PendingStep, *, shortened: bool) -> JsonObject:
    statuses = [result.status for result in pending.settled()[: pending.branch_count]]
    observation: JsonObject = {
        "branches": branch_records(pending, shortened=shortened),
        "stats": {"success": statuses.count("succeeded"), "failed": statuses.count("failed")},
    }
    join = pending.action.get_plan_join()
    if join is not None:
        observation["join"] = join_outcome(pending, join, shortened=shortened)
    return observation


def _all_streams(results: Sequence[CallResult]) -> Streams:
    merged: dict[str, list[dict[str, Any]]] = {}
    for result in results:
        for name, chunks in result.streams.items():
            merged.setdefault(name, []).extend(chunks)
    return {name: sorted(chunks, key=_sequence_number) for name, chunks in merged.items()}


def _sequence_number(chunk: dict[str, Any]) -> int:
    number: int = chunk["seq"]
    return number
