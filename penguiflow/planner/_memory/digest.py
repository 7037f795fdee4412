"""What is remembered of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from penguiflow.planner._json import Json, is_list, is_object, json_text
from penguiflow.planner._memory.config import ShortTermMemoryConfig
from penguiflow.planner._memory.turns import ConversationTurn, TrajectoryDigest
from penguiflow.planner.trajectory import TrajectoryStep

_OBSERVATION_CHARS = 400


def turn_of(
    query: str,
    payload: Any,  # of a `PlannerFinish`: depends on its reason
    steps: Sequence[TrajectoryStep],
    thought: str,
    config: ShortTermMemoryConfig,
    *,
    ts: float = 0.0,
) -> ConversationTurn:
    """Return a finished run as a turn. Every observation stands behind the name of the tool it came from."""
    digest = _digest(steps, thought) if config.include_trajectory_digest else None
    return ConversationTurn(
        user_message=query, assistant_response=_answer(payload), trajectory_digest=digest, ts=ts
    )


def _answer(payload: Json) -> str:
    if isinstance(payload, BaseModel):
        payload = payload.model_dump(mode="json")
    if is_object(payload) and isinstance(answer := payload.get("raw_answer"), str):
        return answer
    if payload is None:
        return ""
    return payload if isinstance(payload, str) else _text(payload)


def _digest(steps: Sequence[TrajectoryStep], thought: str) -> TrajectoryDigest | None:
    observed = [pair for step in steps for pair in _observations(step)]
    if not observed and not thought:
        return None
    return TrajectoryDigest(
        tools_invoked=[tool for tool, _ in observed],
        observations_summary="\n".join(
            f"- {tool}: {_text(observation)[:_OBSERVATION_CHARS]}" for tool, observation in observed
        ),
        reasoning_summary=thought or None,
    )


def _observations(step: TrajectoryStep) -> Iterator[tuple[str, Json]]:
    """Yield what each successful call of a step gave, as the model read it."""
    if step.error is not None:
        return
    if step.action.is_tool_call():
        yield step.action.next_node, step.serialise_for_llm()
    if not step.action.is_parallel() or not is_object(step.observation):
        return
    branches = step.observation.get("branches")
    join = step.observation.get("join")
    for call in [*(branches if is_list(branches) else []), join]:
        if is_object(call) and "observation" in call:
            yield str(call.get("node")), call["observation"]


def _text(value: Json) -> str:
    try:
        return json_text(value)
    except (TypeError, ValueError, RecursionError):
        return str(value)
