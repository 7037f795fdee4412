"""What an agent remembers of a conversation when it goes on in a fork.

A `ReactPlanner` keeps its conversation memory in a store under `tenant:user:session`, and its history says
under which key. The state under that key is given to the fork under its own id: as it is when it holds the
turns of the fork's past and no more, else made anew of the questions and answers of that past.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from penguiflow.planner.memory import (
    ConversationTurn,
    DefaultShortTermMemory,
    MemoryBudget,
    MemoryKey,
    ShortTermMemoryConfig,
    TrajectoryDigest,
)
from penguiflow.state.events import (
    ActionChosen,
    MemoryChanged,
    RunEvent,
    RunFinished,
    RunStarted,
    ToolFinished,
)
from penguiflow.state.protocol import HistoryStore, SupportsMemoryState

_RESULT_CHARS = 400

MemoryState: TypeAlias = Mapping[str, Any]
"""A memory's own JSON form, see `DefaultShortTermMemory.to_dict`."""


async def carry_memory(store: HistoryStore, past: Sequence[RunEvent], *, parent: str, child: str) -> bool:
    """Let the agent remember in `child` what it said in the past; `False` when nothing of it is in the store.

    That is so for an agent without a memory, for one whose memory is not kept in this store, and for one
    that keeps it under something else than the session's id.
    """
    if not isinstance(store, SupportsMemoryState):
        return False
    keys = _memory_keys(past, parent)
    child_key = key_for_session(keys[-1], parent, child) if keys else None
    state: MemoryState | None = await store.load_memory_state(keys[-1]) if child_key is not None else None
    if child_key is None or state is None:
        return False
    turns_ever = _memory_keys(await store.load_session(parent), parent).count(keys[-1])
    if turns_ever > keys.count(keys[-1]):
        state = await memory_of(past, like=state)
    if state is not None:
        await store.save_memory_state(child_key, dict(state))
    return state is not None


def key_for_session(key: str, session_id: str, new_session_id: str) -> str | None:
    """Return the key with another session; `None` when its last part is not this session's id."""
    owner = key.removesuffix(_session_part(session_id))
    before_colon = owner.removesuffix(":")
    escapes = len(before_colon) - len(before_colon.rstrip("\\"))
    if owner == key or before_colon == owner or escapes % 2:  # an escaped colon parts nothing
        return None
    return owner + _session_part(new_session_id)


async def memory_of(past: Sequence[RunEvent], *, like: MemoryState) -> MemoryState | None:
    """Return a memory of the finished runs of the past, with the settings under which `like` was kept.

    The oldest are left out when they do not fit; what `like` had summarised is in full again. `None` when
    `like` is no state of the planner's own kind of memory.
    """
    try:
        settings = like["config_snapshot"]
        budget = MemoryBudget(**settings["budget"])
        summarises = settings["strategy"] == "rolling_summary"
        with_digest = bool(settings["include_trajectory_digest"])
    except (KeyError, TypeError, ValueError):
        return None
    turns = turns_of(past)
    # All that may be summarised later stays; a memory that only truncates keeps as many as it always does.
    shown = len(turns) if summarises else budget.full_zone_turns
    config = ShortTermMemoryConfig(
        strategy="truncation",
        budget=replace(budget, full_zone_turns=shown, overflow_policy="truncate_oldest"),
        include_trajectory_digest=with_digest,
    )
    memory = DefaultShortTermMemory(config=config)
    for turn in turns:
        await memory.add_turn(turn)
    return {**memory.to_dict(), "config_snapshot": settings}


def turns_of(past: Sequence[RunEvent]) -> Sequence[ConversationTurn]:
    """Return the question and answer of each finished run, and in short what its tools gave."""
    runs: defaultdict[str, list[RunEvent]] = defaultdict(list)
    for event in past:
        runs[event.run_id].append(event)
    return [turn for events in runs.values() if (turn := _turn(events)) is not None]


def _turn(run: Sequence[RunEvent]) -> ConversationTurn | None:
    question, thought = "", ""
    results: list[tuple[str, str]] = []
    for event in run:
        match event.body:
            case RunStarted() as started:
                question = started.question
            case ActionChosen() as action:
                thought = action.thought
            case ToolFinished(error=None) as finished:
                results.append((finished.tool, json.dumps(finished.result, ensure_ascii=False)))
            case RunFinished(answer=answer):
                digest = _digest(results, thought)
                return ConversationTurn(
                    user_message=question, assistant_response=answer, trajectory_digest=digest, ts=event.ts
                )
            case _:
                pass
    return None


def _digest(results: Sequence[tuple[str, str]], thought: str) -> TrajectoryDigest | None:
    if not results and not thought:
        return None
    return TrajectoryDigest(
        tools_invoked=[tool for tool, _ in results],
        observations_summary="\n".join(f"- {tool}: {text[:_RESULT_CHARS]}" for tool, text in results),
        reasoning_summary=thought or None,
    )


def _memory_keys(events: Sequence[RunEvent], session_id: str) -> list[str]:
    """Return under which key each turn of the session entered the agent's memory."""
    return [
        event.body.key
        for event in events
        if isinstance(event.body, MemoryChanged) and event.session_id == session_id
    ]


def _session_part(session_id: str) -> str:
    return MemoryKey(tenant_id="", user_id="", session_id=session_id).composite().removeprefix("::")
