"""Adds a step to a run: to its trajectory, its conversation and its progress, and tells who listens."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from penguiflow.planner._json import JsonObject
from penguiflow.planner._loop.run_state import RunState
from penguiflow.planner._rules.calls import CallResult, PendingStep
from penguiflow.planner._rules.hints import order_completed, ordering_state
from penguiflow.planner._rules.marked_fields import merged_sources
from penguiflow.planner._rules.progress import CallsRan, OrderingMoved, OutcomeSeen
from penguiflow.planner.action import PlannerAction
from penguiflow.planner.trajectory import TrajectoryStep

_DIGEST_BYTES = 12


def record_step(state: RunState, step: TrajectoryStep, *, is_waiting: bool = False) -> str:
    """Add the step and return its outcome as the model reads it."""
    # Told before it is appended, so that the event's `trajectory_step` is the index of this step.
    state.events.emit(
        "step_complete",
        node_name=step.action.next_node,
        thought=step.action.thought,
        latency_ms=step.latency_ms,
        error=step.error,
        action_seq=state.progress.action_seq,
    )
    state.trajectory.steps.append(step)
    outcome = state.conversation.add_step(step)
    if step.error is None and not is_waiting:
        state.trajectory.resume_user_input = None
    return outcome


def note_calls_ran(state: RunState, pending: PendingStep, results: dict[int, CallResult]) -> None:
    """Count calls that ended, and see how far the advised order has come."""
    succeeded = tuple(
        pending.calls[at].node for at, result in sorted(results.items()) if result.status == "succeeded"
    )
    state.note(CallsRan(len(results), succeeded))
    progress = state.progress
    completed = order_completed(state.rules.hints, progress.ordering_completed, succeeded)
    if completed != progress.ordering_completed:
        move_order(state, completed, warned=False)


def move_order(state: RunState, completed: tuple[str, ...], *, warned: bool) -> None:
    """Keep how far the advised order has come, or that the model was reminded of it."""
    state.note(OrderingMoved(completed, warned))
    state.trajectory.hint_state.update(ordering_state(completed, warned))


def note_outcome(state: RunState, action: PlannerAction, outcome: str) -> None:
    """Remember what came of calls, so that the same calls with the same outcome are noticed."""
    state.note(OutcomeSeen(call_digest(action), _digest(outcome)))


def call_digest(action: PlannerAction) -> str:
    """Return the same short text for the same call, whatever the model thought about it."""
    # `repr` is a few times faster than JSON, and a model that repeats itself repeats the order of its keys.
    return _digest(f"{action.next_node} {action.args!r}")


def keep_outputs(state: RunState, pending: PendingStep, results: Sequence[CallResult]) -> None:
    """Keep the artifacts and sources that tools gave."""
    trajectory = state.trajectory
    for call, result in zip(pending.calls, results, strict=True):
        if result.artifacts:
            trajectory.artifacts.setdefault(call.node, {}).update(result.artifacts)
            _register(trajectory.metadata, call.node, result.artifacts, len(trajectory.steps))
        if result.sources:
            trajectory.sources = merged_sources(trajectory.sources, result.sources)


def _register(metadata: JsonObject, tool: str, artifacts: JsonObject, step: int) -> None:
    registry: JsonObject = metadata.setdefault("artifact_registry", {"counter": 0, "records": []})
    for field in artifacts:
        registry["records"].append(
            {"ref": f"artifact_{registry['counter']}", "tool": tool, "field": field, "step": step}
        )
        registry["counter"] += 1


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).hexdigest()
