"""A conversation that outlives its process: the memory is kept in a SQLite file and read back by its key.

    python examples/memory_persistence/main.py

Each call of `process` opens the file, builds a planner and closes both, as a program does that starts anew.
Any object with `save_memory_state` and `load_memory_state` can be the store; see examples/memory_redis.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from penguiflow import ReactPlanner
from penguiflow.llm import ChatMessage, FunctionLLM
from penguiflow.planner import MemoryBudget, MemoryKey, PlannerFinish, ShortTermMemoryConfig
from penguiflow.state import SqliteStateStore


def assistant(messages: Sequence[ChatMessage]) -> dict[str, Any]:
    """Say where the expedition is, as far as the conversation tells."""
    known = any("Lockroy" in each["content"] for each in messages)
    return {"next_node": "final_response", "args": {"answer": "Port Lockroy." if known else "I do not know."}}


async def process(question: str, file: Path, key: MemoryKey) -> None:
    store = await SqliteStateStore.open(file)
    planner = ReactPlanner(
        llm_client=FunctionLLM(assistant),
        catalog=[],
        state_store=store,
        short_term_memory=ShortTermMemoryConfig(
            strategy="truncation", budget=MemoryBudget(full_zone_turns=5)
        ),
    )
    result = await planner.run(question, memory_key=key)
    assert isinstance(result, PlannerFinish)
    print(f"{key.user_id}: {question} -> {result.payload['raw_answer']}")
    await planner.aclose()
    await store.aclose()


async def main(file: Path) -> None:
    ann = MemoryKey(tenant_id="acme", user_id="ann", session_id="expedition")
    bob = MemoryKey(tenant_id="acme", user_id="bob", session_id="expedition")
    await process("Where are we?", file, ann)
    await process("We have reached Port Lockroy.", file, ann)
    await process("Where are we?", file, ann)
    await process("Where are we?", file, bob)

    store = await SqliteStateStore.open(file)
    state = await store.load_memory_state(ann.composite())
    assert state is not None
    print(f"stored under {ann.composite()}: {len(state['turns'])} turns, {state['health']}")
    await store.aclose()


with tempfile.TemporaryDirectory() as folder:
    asyncio.run(main(Path(folder) / "conversations.sqlite3"))
