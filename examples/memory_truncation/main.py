"""The cheap memory: the last turns in full, nothing else, and no model call for it.

    python examples/memory_truncation/main.py

`full_zone_turns` bounds the turns and `total_max_tokens` their length. A run without a key has no memory, so
nobody ever reads the conversation of somebody else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from penguiflow import ReactPlanner
from penguiflow.llm import ChatMessage, FunctionLLM
from penguiflow.planner import MemoryBudget, PlannerFinish, ShortTermMemoryConfig

NAMES = ("Ann", "Bob", "Cai")


def assistant(messages: Sequence[ChatMessage]) -> dict[str, Any]:
    """Answer with the names that stand in the conversation so far."""
    *before, question = (each["content"] for each in messages)
    known = [name for name in NAMES if name in " ".join(before)]
    answer = ", ".join(known) or "nobody" if "Who" in question else "Noted."
    return {"next_node": "final_response", "args": {"answer": answer}}


async def main() -> None:
    planner = ReactPlanner(
        llm_client=FunctionLLM(assistant),
        catalog=[],
        short_term_memory=ShortTermMemoryConfig(
            strategy="truncation", budget=MemoryBudget(full_zone_turns=2, total_max_tokens=1_000)
        ),
    )

    async def ask(question: str, tool_context: dict[str, str]) -> None:
        result = await planner.run(question, tool_context=tool_context)
        assert isinstance(result, PlannerFinish)
        print(f"{question} -> {result.payload['raw_answer']}")

    # The key is read from these three names, or given as `memory_key=MemoryKey(...)`.
    session = {"tenant_id": "acme", "user_id": "guide", "session_id": "tour-7"}
    for name in NAMES:
        await ask(f"{name} is on board.", session)
    await ask("Who is on board?", session)
    await ask("Who is on board?", {**session, "session_id": "tour-8"})
    await ask("Who is on board?", {})


asyncio.run(main())
