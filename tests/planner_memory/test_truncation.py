"""The strategies that remember the last turns, or nothing."""

from __future__ import annotations

import pytest

from penguiflow.planner.memory import (
    ConversationTurn,
    DefaultShortTermMemory,
    MemoryBudget,
    MemoryBudgetExceeded,
    MemoryHealth,
    ShortTermMemoryConfig,
    TrajectoryDigest,
)
from tests.planner_memory.memories import added, shown, stored_names, turn


def truncating(**budget: object) -> DefaultShortTermMemory:
    config = ShortTermMemoryConfig(strategy="truncation", budget=MemoryBudget(**budget))  # type: ignore[arg-type]
    return DefaultShortTermMemory(config=config)


async def test_a_new_memory_has_no_turns() -> None:
    assert await truncating().get_llm_context() == {"conversation_memory": {"recent_turns": []}}


@pytest.mark.parametrize(
    ("full_zone_turns", "kept"), [(0, []), (1, ["c"]), (2, ["b", "c"]), (9, ["a", "b", "c"])]
)
async def test_the_last_turns_are_kept(full_zone_turns: int, kept: list[str]) -> None:
    memory = await added(truncating(full_zone_turns=full_zone_turns), "a", "b", "c")
    assert await shown(memory) == {"recent_turns": kept}
    assert stored_names(memory.to_dict()) == {"turns": kept, "pending": [], "backlog": []}
    assert memory.health is MemoryHealth.HEALTHY


async def test_the_oldest_turns_make_room_for_a_long_one() -> None:
    memory = await added(truncating(summary_max_tokens=0, total_max_tokens=60), "a", "b", "c" * 150)
    assert await shown(memory) == {"recent_turns": []}
    await added(memory, "d", "e")
    assert await shown(memory) == {"recent_turns": ["d", "e"]}
    assert memory.estimate_tokens() <= 60


async def test_a_refused_turn_is_not_kept_and_a_shorter_one_still_fits() -> None:
    memory = truncating(summary_max_tokens=0, total_max_tokens=60, overflow_policy="error")
    await added(memory, "a")
    with pytest.raises(MemoryBudgetExceeded):
        await memory.add_turn(turn("b" * 300))
    assert await shown(memory) == {"recent_turns": ["a"]}
    await added(memory, "c")
    assert await shown(memory) == {"recent_turns": ["a", "c"]}


async def test_the_strategy_none_remembers_nothing() -> None:
    memory = await added(DefaultShortTermMemory(config=ShortTermMemoryConfig()), "a")
    assert await memory.get_llm_context() == {}
    assert stored_names(memory.to_dict()) == {"turns": [], "pending": [], "backlog": []}
    await memory.flush()


@pytest.mark.parametrize("included", [True, False])
async def test_a_digest_is_shown_when_it_is_wanted(included: bool) -> None:
    config = ShortTermMemoryConfig(strategy="truncation", include_trajectory_digest=included)
    memory = DefaultShortTermMemory(config=config)
    digest = TrajectoryDigest(["search"], '- search: {"hits":1}', "enough")
    await memory.add_turn(ConversationTurn("q", "a", trajectory_digest=digest))
    (entry,) = (await memory.get_llm_context())["conversation_memory"]["recent_turns"]
    expected = {
        "tools_invoked": ["search"],
        "observations_summary": '- search: {"hits":1}',
        "reasoning_summary": "enough",
        "artifacts_refs": [],
    }
    assert entry == {"user": "q", "assistant": "a"} | ({"trajectory_digest": expected} if included else {})


async def test_an_own_estimator_counts() -> None:
    config = ShortTermMemoryConfig(
        strategy="truncation",
        budget=MemoryBudget(summary_max_tokens=0, total_max_tokens=2),
        token_estimator=lambda text: text.count('"user"'),
    )
    memory = await added(DefaultShortTermMemory(config=config), "a", "b", "c")
    assert await shown(memory) == {"recent_turns": ["b", "c"]}
    assert memory.estimate_tokens() == 2


async def test_what_is_shown_cannot_be_used_to_change_what_is_remembered() -> None:
    memory = await added(truncating(), "a")
    (await memory.get_llm_context())["conversation_memory"]["recent_turns"].clear()
    assert await shown(memory) == {"recent_turns": ["a"]}
