"""Conversations kept in Redis, so that any process of a service can go on with them.

    pip install redis
    REDIS_URL=redis://localhost:6379/0 python examples/memory_redis/main.py

`RedisMemoryStore` is what to copy. Without the package or without REDIS_URL a dict stands in for the server.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import uuid
from collections.abc import Sequence
from typing import Any

from penguiflow import ReactPlanner
from penguiflow.llm import ChatMessage, FunctionLLM
from penguiflow.planner import MemoryKey, PlannerFinish, ShortTermMemoryConfig

WEEK_S = 7 * 24 * 3600


class RedisMemoryStore:
    """Keeps each conversation under one key, until nobody has gone on with it for a week."""

    def __init__(self, redis: Any) -> None:  # a client of `redis.asyncio`
        self._redis = redis

    async def save_memory_state(self, key: str, state: dict[str, Any]) -> None:
        await self._redis.set(f"penguiflow:memory:{key}", json.dumps(state), ex=WEEK_S)

    async def load_memory_state(self, key: str) -> dict[str, Any] | None:
        text = await self._redis.get(f"penguiflow:memory:{key}")
        return None if text is None else json.loads(text)


class DictInPlaceOfRedis:
    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    async def set(self, name: str, value: str, *, ex: int) -> None:
        self._texts[name] = value

    async def get(self, name: str) -> str | None:
        return self._texts.get(name)

    async def aclose(self) -> None: ...


def steward(messages: Sequence[ChatMessage]) -> dict[str, Any]:
    known = any("number 7" in each["content"] for each in messages)
    return {"next_node": "final_response", "args": {"answer": "Number 7." if known else "I do not know."}}


async def main() -> None:
    url, redis = os.environ.get("REDIS_URL"), DictInPlaceOfRedis()
    if url and importlib.util.find_spec("redis"):
        redis = importlib.import_module("redis.asyncio").from_url(url)
    print(f"kept in: {type(redis).__name__}")
    key = MemoryKey(tenant_id="acme", user_id="ann", session_id=uuid.uuid4().hex)
    for question in ("Which cabin do I have?", "I have cabin number 7.", "Which cabin do I have?"):
        planner = ReactPlanner(  # a new one each time, as in another process
            llm_client=FunctionLLM(steward),
            catalog=[],
            short_term_memory=ShortTermMemoryConfig(strategy="truncation"),
            state_store=RedisMemoryStore(redis),
        )
        result = await planner.run(question, memory_key=key)
        assert isinstance(result, PlannerFinish)
        print(f"{question} -> {result.payload['raw_answer']}")
        await planner.aclose()
    await redis.aclose()


asyncio.run(main())
