"""Further calls of one reply that run without asking the model again, where a planner allows it."""

from __future__ import annotations

from dataclasses import dataclass

from penguiflow.planner._json import JsonObject
from penguiflow.planner._loop.run_state import RunState
from penguiflow.planner._parse.normalise import NotAnAction, read_action
from penguiflow.planner.action import PlannerAction, action_record

_KEY = "pending_actions"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRule:
    """Which calls wait their turn: at most `most`, and with `read_only` none that changes anything."""

    enabled: bool = False
    read_only: bool = True
    most: int = 2


def enqueue(state: RunState, action: PlannerAction, rule: QueueRule) -> None:
    """Keep the other calls of the reply that the action came from."""
    if not rule.enabled or not action.is_tool_call():
        return
    waiting = [
        action_record(other)
        for value in action.alternate_actions or ()
        if (other := _allowed(state, value, rule))
    ][: rule.most]
    if waiting:
        state.trajectory.metadata[_KEY] = waiting
        state.events.emit("multi_action_enqueued", count=len(waiting))


def dequeue(state: RunState) -> PlannerAction | None:
    """Return the next call whose turn it is."""
    waiting: list[JsonObject] = state.trajectory.metadata.get(_KEY, [])
    if not waiting:
        return None
    record, *rest = waiting
    if rest:
        state.trajectory.metadata[_KEY] = rest
    else:
        clear(state)
    return read_action(record)


def clear(state: RunState) -> None:
    """Forget calls that were chosen before something unexpected happened."""
    state.trajectory.metadata.pop(_KEY, None)


def _allowed(state: RunState, value: JsonObject, rule: QueueRule) -> PlannerAction | None:
    try:
        action = read_action(value)
    except NotAnAction:
        return None
    spec = state.rules.tools.get(action.next_node)
    if spec is None or (rule.read_only and spec.side_effects not in ("pure", "read")):
        return None
    return action
