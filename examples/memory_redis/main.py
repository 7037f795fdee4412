"""Conversations kept in Redis, so that any process of a service can go on with them.

    pip install 'penguiflow[redis]'
    REDIS_URL=redis://localhost:6379/0 python examples/memory_redis/main.py

Without REDIS_URL a store in memory stands in for the server.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Sequence
from typing import Any

from penguiflow import ReactPlanner
from penguiflow.llm import ChatMessage, FunctionLLM
from penguiflow.planner import MemoryKey, PlannerFinish, ShortTermMemoryConfig
from penguiflow.state import InMemoryStateStore
from penguiflow.state.redis import RedisMemoryStore

WEEK_S = 7 * 24 * 3600


def steward(messages: Sequence[ChatMessage]) -> dict[str, Any]:
    known = any("number 7" in each["content"] for each in messages)
    return {"next_node": "final_response", "args": {"answer": "Number 7." if known else "I do not know."}}


async def open_store() -> RedisMemoryStore | InMemoryStateStore:
    url = os.environ.get("REDIS_URL")
    if url is None:
        return InMemoryStateStore()
    # A conversation with which nobody goes on for a week is forgotten.
    return await RedisMemoryStore.open(url, ttl_s=WEEK_S)


async def main() -> None:
    store = await open_store()
    print(f"kept in: {type(store).__name__}")
    key = MemoryKey(tenant_id="acme", user_id="ann", session_id=uuid.uuid4().hex)
    for question in ("Which cabin do I have?", "I have cabin number 7.", "Which cabin do I have?"):
        planner = ReactPlanner(  # a new one each time, as in another process
            llm_client=FunctionLLM(steward),
            catalog=[],
            short_term_memory=ShortTermMemoryConfig(strategy="truncation"),
            state_store=store,
        )
        result = await planner.run(question, memory_key=key)
        assert isinstance(result, PlannerFinish)
        print(f"{question} -> {result.payload['raw_answer']}")
        await planner.aclose()
    await store.aclose()


asyncio.run(main())
