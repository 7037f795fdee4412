"""Section 29, items 1 to 6: what a conversation memory must not lose, repeat, hang on or mix up."""

from __future__ import annotations

import asyncio
import gc
import json
from typing import Any

import pytest

from penguiflow.planner.memory import (
    ConversationTurn,
    DefaultShortTermMemory,
    MemoryBudget,
    MemoryBudgetExceeded,
    ShortTermMemoryConfig,
)
from tests.contract.planner.fakes_b import seconds
from tests.fakes.flows import settled


def turn(n: int, text: str = "") -> ConversationTurn:
    return ConversationTurn(user_message=f"question {n}", assistant_response=f"answer {n} {text}")


def rolling(summarizer: Any, **config: Any) -> DefaultShortTermMemory:
    config.setdefault("budget", MemoryBudget(full_zone_turns=1))
    return DefaultShortTermMemory(
        config=ShortTermMemoryConfig(strategy="rolling_summary", **config), summarizer=summarizer
    )


async def shown(memory: DefaultShortTermMemory) -> dict[str, Any]:
    context: Any = await memory.get_llm_context()
    return context["conversation_memory"]


async def test_turns_that_leave_while_a_summary_is_made_are_summarised_too() -> None:
    go_on = asyncio.Event()
    summarised: list[str] = []

    async def summarize(request: Any) -> dict[str, str]:
        await go_on.wait()
        text = json.dumps(request["turns"], default=str)
        summarised.extend(f"question {n}" for n in range(5) if f"question {n}" in text)
        return {"summary": " ".join(summarised)}

    memory = rolling(summarize)
    for n in range(5):
        await memory.add_turn(turn(n))
        await settled()
    go_on.set()
    await memory.flush()
    assert summarised == [f"question {n}" for n in range(4)]
    assert "question 3" in (await shown(memory))["summary"]
    assert not (await shown(memory)).get("pending_turns")


async def test_shortening_a_summary_that_is_short_enough_ends() -> None:
    async def summarize(request: Any) -> dict[str, str]:
        return {"summary": "short"}

    budget = MemoryBudget(
        full_zone_turns=1, summary_max_tokens=50, total_max_tokens=60, overflow_policy="truncate_summary"
    )
    memory = rolling(summarize, budget=budget)
    with seconds(5):
        for n in range(3):
            await memory.add_turn(turn(n, "x" * 600))
            await memory.flush()
    assert memory.estimate_tokens() <= 60


async def test_a_failed_summary_is_tried_again_by_itself() -> None:
    tries: list[int] = []

    async def summarize(request: Any) -> dict[str, str]:
        tries.append(1)
        if len(tries) == 1:
            raise ConnectionError("down")
        return {"summary": "second try"}

    memory = rolling(summarize, retry_attempts=3, retry_backoff_base_s=2.0)
    await memory.add_turn(turn(1))
    await memory.add_turn(turn(2))
    await asyncio.sleep(30)
    assert len(tries) == 2
    assert "second try" in (await shown(memory))["summary"]
    assert memory.health.value == "healthy"


async def test_a_turn_over_the_budget_is_refused_and_not_kept() -> None:
    memory = DefaultShortTermMemory(
        config=ShortTermMemoryConfig(
            strategy="truncation",
            budget=MemoryBudget(summary_max_tokens=10, total_max_tokens=60, overflow_policy="error"),
        )
    )
    await memory.add_turn(turn(1))
    before = await shown(memory)
    with pytest.raises(MemoryBudgetExceeded):
        await memory.add_turn(turn(2, "x" * 1_000))
    assert await shown(memory) == before
    assert memory.estimate_tokens() <= 60


async def test_a_callback_is_not_forgotten_while_it_runs() -> None:
    go_on, finished = asyncio.Event(), asyncio.Event()

    async def heard(_: Any) -> None:
        await go_on.wait()
        finished.set()

    memory = DefaultShortTermMemory(config=ShortTermMemoryConfig(strategy="truncation", on_turn_added=heard))
    await memory.add_turn(turn(1))
    await settled()
    gc.collect()
    go_on.set()
    await asyncio.wait_for(finished.wait(), 5)
