"""Conversation memories in a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from penguiflow import ReactPlanner
from penguiflow.llm import ChatMessage, FunctionLLM
from penguiflow.planner import MemoryKey, PlannerFinish, ShortTermMemoryConfig
from penguiflow.state import StoreError
from penguiflow.state.redis import RedisMemoryStore
from tests.fakes.mcp_processes import until
from tests.fakes.servers import RedisServer, free_port, redis_server
from tests.state.test_memory_state_conformance import (  # noqa: F401 - pytest finds them here as well
    test_a_state_can_be_read_again_and_again,
    test_a_state_saved_again_replaces_the_first,
    test_an_empty_state_is_a_state,
    test_an_unknown_key_has_no_state,
    test_changes_on_either_side_do_not_reach_the_store,
)

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with redis_server(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
async def store(server: RedisServer, request: pytest.FixtureRequest) -> AsyncIterator[RedisMemoryStore]:
    opened = await RedisMemoryStore.open(server.url, key_prefix=f"{request.node.name}:")
    yield opened
    await opened.aclose()


@pytest.fixture
async def client(server: RedisServer) -> AsyncIterator[Redis]:
    opened = Redis.from_url(server.url)
    yield opened
    await opened.aclose()


async def test_each_conversation_is_one_key_with_the_prefix(server: RedisServer, client: Redis) -> None:
    one = await RedisMemoryStore.open(server.url, key_prefix="one:")
    two = await RedisMemoryStore.open(server.url, key_prefix="two:")

    await one.save_memory_state("acme:ann", {"version": 1})

    assert await client.get("one:acme:ann") == b'{"version": 1}'
    assert await two.load_memory_state("acme:ann") is None
    await one.aclose()
    await two.aclose()


async def test_a_conversation_is_forgotten_when_nobody_goes_on_with_it(
    server: RedisServer, client: Redis
) -> None:
    week = await RedisMemoryStore.open(server.url, key_prefix="week:", ttl_s=7 * 24 * 3600)
    moment = await RedisMemoryStore.open(server.url, key_prefix="moment:", ttl_s=0.05)
    ever = await RedisMemoryStore.open(server.url, key_prefix="ever:")
    for store in (week, moment, ever):
        await store.save_memory_state("ann", {"version": 1})

    async with asyncio.timeout(5):
        while await moment.load_memory_state("ann") is not None:  # noqa: ASYNC110 no event comes from Redis
            await asyncio.sleep(0.01)
    assert await client.ttl("ever:ann") == -1
    left_s = await client.ttl("week:ann")
    assert 7 * 24 * 3600 - 60 < left_s <= 7 * 24 * 3600

    await client.expire("week:ann", 10)
    await week.save_memory_state("ann", {"version": 1})
    assert await client.ttl("week:ann") > 10
    for store in (week, moment, ever):
        await store.aclose()


async def test_a_planner_goes_on_with_a_conversation_that_another_one_began(server: RedisServer) -> None:
    def steward(messages: Sequence[ChatMessage]) -> dict[str, Any]:
        known = any("number 7" in each["content"] for each in messages)
        return {"next_node": "final_response", "args": {"answer": "Number 7." if known else "Unknown."}}

    async def ask(question: str) -> object:
        store = await RedisMemoryStore.open(server.url)
        planner = ReactPlanner(
            llm_client=FunctionLLM(steward),
            catalog=[],
            short_term_memory=ShortTermMemoryConfig(strategy="truncation"),
            state_store=store,
        )
        key = MemoryKey(tenant_id="acme", user_id="ann", session_id="s")
        result = await planner.run(question, memory_key=key)
        await planner.aclose()
        await store.aclose()
        assert isinstance(result, PlannerFinish)
        return result.payload["raw_answer"]

    assert await ask("Which cabin do I have?") == "Unknown."
    await ask("I have cabin number 7.")
    assert await ask("Which cabin do I have?") == "Number 7."


async def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    url = f"redis://ann:herring@127.0.0.1:{free_port()}/0"

    with pytest.raises(StoreError, match="Redis cannot be reached: ConnectionError") as caught:
        await RedisMemoryStore.open(url)

    assert "herring" not in str(caught.value)
    assert caught.value.hint == "see that the server runs, and that the URL and the credentials are right"
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_url_of_something_else_is_told() -> None:
    with pytest.raises(StoreError, match="not the URL of a Redis server") as caught:
        await RedisMemoryStore.open("http://localhost")

    assert caught.value.hint == "redis://HOST:6379/0"


async def test_wrong_credentials_are_told_and_right_ones_pass(tmp_path: Path) -> None:
    with redis_server(tmp_path, "--requirepass", "herring") as server:
        with pytest.raises(StoreError, match="Redis cannot be reached: AuthenticationError"):
            await RedisMemoryStore.open(server.url)
        store = await RedisMemoryStore.open(server.url, options={"password": "herring"})
        await store.save_memory_state("ann", {"version": 1})
        assert await store.load_memory_state("ann") == {"version": 1}
        await store.aclose()


async def test_a_store_outlives_its_server(tmp_path: Path) -> None:
    with redis_server(tmp_path, "--appendonly", "yes", "--appendfsync", "always") as server:
        store = await RedisMemoryStore.open(server.url)
        await store.save_memory_state("ann", {"turns": ["one"]})
        server.kill()
        with pytest.raises(StoreError, match="Redis cannot be written"):
            await store.save_memory_state("ann", {"turns": ["one", "two"]})
        with pytest.raises(StoreError, match="Redis cannot be read"):
            await store.load_memory_state("ann")
        server.start()

        assert await store.load_memory_state("ann") == {"turns": ["one"]}

        server.kill()
        server.start()
        await store.save_memory_state("ann", {"turns": ["after a restart nobody noticed"]})
        await store.aclose()
        await store.aclose()
        await until(lambda: asyncio.all_tasks() == {asyncio.current_task()})


async def test_a_state_that_is_no_json_is_refused(store: RedisMemoryStore) -> None:
    with pytest.raises(StoreError, match="memory state `key` cannot be stored"):
        await store.save_memory_state("key", {"turns": {1, 2}})

    assert await store.load_memory_state("key") is None


async def test_keys_of_another_program_are_told_as_that(server: RedisServer, client: Redis) -> None:
    store = await RedisMemoryStore.open(server.url, key_prefix="others:")
    await client.set("others:text", "hello")
    await client.set("others:list", "[1]")
    await client.rpush("others:queue", 1)

    for key in ("text", "list"):
        with pytest.raises(
            StoreError, match=f"what Redis has under `others:{key}` is no memory state"
        ) as caught:
            await store.load_memory_state(key)
        assert caught.value.hint == "another program uses these keys: choose another `key_prefix`"
    with pytest.raises(StoreError, match=r"Redis cannot be read: .*WRONGTYPE"):
        await store.load_memory_state("queue")
    await store.aclose()


async def test_a_time_to_live_of_nothing_is_refused(server: RedisServer) -> None:
    with pytest.raises(ValueError, match="`ttl_s` is 0; it must be at least a millisecond"):
        await RedisMemoryStore.open(server.url, ttl_s=0)
