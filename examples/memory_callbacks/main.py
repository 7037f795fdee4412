"""Be told what a memory does: of every turn, of every summary, and when summaries fail or work again.

    python examples/memory_callbacks/main.py

Callbacks may be plain or async functions and may take the last of their arguments only; async ones run one
after the other. Here the first summary fails, which the log tells too, and is tried again by itself.
"""

from __future__ import annotations

import asyncio

from penguiflow import ReactPlanner
from penguiflow.llm import LLMUnavailableError, ScriptedLLM
from penguiflow.planner import (
    ConversationTurn,
    MemoryBudget,
    MemoryHealth,
    MemoryKey,
    ShortTermMemoryConfig,
)

ANSWERS = [{"next_node": "final_response", "args": {"answer": text}} for text in ("Noted.", "I will.")]


async def tell_turn(turn: ConversationTurn) -> None:
    print(f"turn: {turn.user_message} -> {turn.assistant_response}")


async def tell_health(old: MemoryHealth, new: MemoryHealth) -> None:
    print(f"health: {old} -> {new}")


async def main() -> None:
    summarised = asyncio.Event()

    async def tell_summary(new: str) -> None:  # `(old, new)` would be given both
        print(f"summary: {new}")
        summarised.set()

    planner = ReactPlanner(
        llm_client=ScriptedLLM(ANSWERS),
        catalog=[],
        short_term_memory=ShortTermMemoryConfig(
            strategy="rolling_summary",
            budget=MemoryBudget(full_zone_turns=1),
            summarizer_model=ScriptedLLM(
                [LLMUnavailableError("the provider is down"), {"summary": "Ann sails on the Fram."}]
            ),
            retry_backoff_base_s=0.0,
            on_turn_added=tell_turn,
            on_summary_updated=tell_summary,
            on_health_changed=tell_health,
        ),
    )
    key = MemoryKey(tenant_id="acme", user_id="ann", session_id="monday")
    await planner.run("I am Ann and sail on the Fram.", memory_key=key)
    await planner.run("Wake me at Port Lockroy.", memory_key=key)
    await summarised.wait()
    await planner.aclose()


asyncio.run(main())
