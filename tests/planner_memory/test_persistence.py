"""A memory is kept in a store and comes back, without losing what happened meanwhile."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from penguiflow.planner.memory import (
    ConversationTurn,
    DefaultShortTermMemory,
    MemoryBudget,
    MemoryHealth,
    MemoryKey,
    ShortTermMemoryConfig,
    TrajectoryDigest,
)
from penguiflow.state import SupportsMemoryState
from tests.planner_memory.memories import (
    Clock,
    FlakyStore,
    Summaries,
    added,
    rolling,
    shown,
    stored_names,
    turn,
)

KEY = MemoryKey("acme", "ann", "s1").composite()
STATE = {"version": 1, "health": "healthy", "summary": "", "turns": [], "pending": [], "backlog": []}


def summarising(summaries: Summaries | None = None, **settings: Any) -> DefaultShortTermMemory:
    return DefaultShortTermMemory(
        config=rolling(1, retry_attempts=0, **settings), summarizer=summaries or Summaries()
    )


def truncating() -> DefaultShortTermMemory:
    return DefaultShortTermMemory(config=ShortTermMemoryConfig(strategy="truncation"))


async def test_everything_comes_back_from_a_store(store: SupportsMemoryState) -> None:
    rich = ConversationTurn(
        user_message="Ünïcode \U0001f427",
        assistant_response="yes",
        trajectory_digest=TrajectoryDigest(["search"], "- search: {}", "thought", ["art_1"]),
        artifacts_shown={"table": [1, 2.5, None]},
        artifacts_hidden_refs=["art_2"],
        ts=12.5,
    )
    summaries = Summaries()
    first = await added(summarising(summaries), "a", "b")
    await first.flush()
    summaries.may_answer.clear()
    await first.add_turn(rich)
    await first.persist(store, KEY)

    second = summarising()
    await second.hydrate(store, KEY)

    assert await second.get_llm_context() == await first.get_llm_context()
    assert second.to_dict() == first.to_dict()
    assert second.estimate_tokens() == first.estimate_tokens()
    await first.aclose(patience_s=0)


async def test_a_degraded_memory_comes_back_degraded_and_may_try_at_once(store: SupportsMemoryState) -> None:
    first = await added(summarising(Summaries(failures=1)), "a", "b")
    await first.flush()
    await first.persist(store, KEY)
    second = summarising()
    await second.hydrate(store, KEY)
    assert second.health is MemoryHealth.DEGRADED
    assert stored_names(second.to_dict())["backlog"] == ["a"]
    await added(second, "c")
    await second.flush()
    assert await shown(second) == {"recent_turns": ["c"], "summary": "a b"}


async def test_a_degraded_memory_that_is_read_again_still_waits_its_time() -> None:
    store, clock, summaries = FlakyStore(), Clock(), Summaries(failures=1)
    memory = DefaultShortTermMemory(
        config=rolling(1, retry_attempts=0), summarizer=summaries, time_source=clock
    )
    await added(memory, "a", "b")
    await memory.flush()
    await memory.persist(store, KEY)
    store.states[KEY] = store.states[KEY] | {"summary": "by another process"}
    await memory.hydrate(store, KEY)
    await added(memory, "c")
    await memory.flush()
    assert len(summaries.requests) == 1


async def test_pending_turns_that_come_back_are_summarised_with_the_next_turn(
    store: SupportsMemoryState,
) -> None:
    stuck = Summaries()
    stuck.may_answer.clear()
    first = await added(summarising(stuck), "a", "b", "c")
    await first.persist(store, KEY)
    await first.aclose(patience_s=0)
    second = summarising()
    await second.hydrate(store, KEY)
    assert await shown(second) == {"recent_turns": ["c"], "pending_turns": ["a", "b"]}
    await second.flush()
    assert await shown(second) == {"recent_turns": ["c"], "summary": "a b"}


async def test_nothing_in_the_store_changes_nothing(store: SupportsMemoryState) -> None:
    memory = await added(truncating(), "a")
    await memory.hydrate(store, KEY)
    assert await shown(memory) == {"recent_turns": ["a"]}


@pytest.mark.parametrize("no_store", [object(), None])
async def test_a_store_without_memory_methods_is_left_alone(no_store: object) -> None:
    memory = await added(truncating(), "a")
    await memory.persist(no_store, KEY)
    await memory.hydrate(no_store, KEY)
    assert await shown(memory) == {"recent_turns": ["a"]}


async def test_a_store_with_sync_methods_works() -> None:
    class SyncStore:
        def __init__(self) -> None:
            self.states: dict[str, Any] = {}

        def save_memory_state(self, key: str, state: dict[str, Any]) -> None:
            self.states[key] = state

        def load_memory_state(self, key: str) -> Any:
            return self.states.get(key)

    store = SyncStore()
    await (await added(truncating(), "a")).persist(store, KEY)
    second = truncating()
    await second.hydrate(store, KEY)
    assert await shown(second) == {"recent_turns": ["a"]}


async def test_a_summary_made_after_the_state_was_stored_survives_reading_the_store(
    store: SupportsMemoryState,
) -> None:
    summaries = Summaries()
    summaries.may_answer.clear()
    memory = await added(summarising(summaries), "a", "b")
    await memory.persist(store, KEY)
    summaries.may_answer.set()
    await memory.flush()
    await memory.hydrate(store, KEY)
    assert await shown(memory) == {"recent_turns": ["b"], "summary": "a"}


async def test_reading_the_store_keeps_the_turns_it_does_not_have(store: SupportsMemoryState) -> None:
    memory = truncating()
    await added(memory, "a")
    await memory.persist(store, KEY)
    other = truncating()
    await other.hydrate(store, KEY)
    await added(other, "b")
    await other.persist(store, KEY)
    await added(memory, "c")
    await memory.hydrate(store, KEY)
    assert await shown(memory) == {"recent_turns": ["a", "b", "c"]}


async def test_a_turn_that_comes_while_the_store_is_read_is_kept() -> None:
    store = FlakyStore()
    await (await added(truncating(), "a")).persist(store, KEY)
    memory = truncating()
    store.may_load.clear()
    reading = asyncio.create_task(memory.hydrate(store, KEY))
    await store.load_began.wait()
    await added(memory, "b")
    store.may_load.set()
    await reading
    assert await shown(memory) == {"recent_turns": ["a", "b"]}


async def test_a_turn_that_comes_while_the_state_is_written_is_not_taken_for_stored() -> None:
    saving, gate = asyncio.Event(), asyncio.Event()

    class SlowStore(FlakyStore):
        async def save_memory_state(self, key: str, state: dict[str, Any]) -> None:
            saving.set()
            await gate.wait()
            await super().save_memory_state(key, state)

    store = SlowStore()
    memory = await added(truncating(), "a")
    writing = asyncio.create_task(memory.persist(store, KEY))
    await saving.wait()
    await added(memory, "b")
    gate.set()
    await writing
    store.states[KEY] = store.states[KEY] | {"summary": "by another process"}
    await memory.hydrate(store, KEY)
    assert await shown(memory) == {"recent_turns": ["a", "b"]}


async def test_a_summary_of_turns_that_another_process_replaced_is_dropped_and_made_again() -> None:
    store, summaries = FlakyStore(), Summaries()
    summaries.may_answer.clear()
    memory = await added(summarising(summaries), "a", "b")
    await summaries.wait_asked(1)
    await (await added(truncating(), "x", "y")).persist(store, KEY)
    await memory.hydrate(store, KEY)
    summaries.may_answer.set()
    await memory.flush()
    assert summaries.asked == [["a"], ["x", "y", "a"]]
    assert await shown(memory) == {"recent_turns": ["b"], "summary": "x y a"}


async def test_the_failure_of_a_summary_that_nobody_needs_any_more_counts_for_nothing() -> None:
    store, summaries = FlakyStore(), Summaries(failures=1)
    summaries.may_answer.clear()
    memory = await added(summarising(summaries), "a", "b")
    await summaries.wait_asked(1)
    store.states[KEY] = {**STATE, "summary": "by another process"}
    await memory.hydrate(store, KEY)
    summaries.may_answer.set()
    await memory.flush()
    assert memory.health is MemoryHealth.HEALTHY
    assert await shown(memory) == {"recent_turns": ["b"], "summary": "by another process a"}


async def test_a_summary_of_turns_that_no_store_has_follows_the_stored_one() -> None:
    store = FlakyStore()
    store.states[KEY] = {**STATE, "summary": "before"}
    memory = await added(summarising(), "a", "b")
    await memory.flush()
    await memory.hydrate(store, KEY)
    assert await shown(memory) == {"recent_turns": ["b"], "summary": "before\n\na"}


async def test_a_state_can_be_read_into_another_memory_without_a_store() -> None:
    first = await added(truncating(), "a", "b")
    second = await added(truncating(), "x")
    second.from_dict(first.to_dict())
    assert await shown(second) == {"recent_turns": ["a", "b"]}


def test_the_written_form_is_json_with_known_keys() -> None:
    state = truncating().to_dict()
    assert json.loads(json.dumps(state)) == state
    assert {key: value for key, value in state.items() if key != "config_snapshot"} == STATE
    assert state["config_snapshot"]["strategy"] == "truncation"
    assert state["config_snapshot"]["budget"]["full_zone_turns"] == 5


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"version": None},
        {"health": "splendid"},
        {"health": None},
        {"health": ["healthy"]},
        {"summary": 3},
        {"turns": "text"},
        {"turns": [{"user_message": "a"}]},
        {"pending": [3]},
        {"backlog": [{"user_message": "a", "assistant_response": None}]},
        {"summary": object()},
    ],
)
async def test_a_state_that_cannot_be_read_is_refused_and_changes_nothing(changes: dict[str, Any]) -> None:
    memory = await added(truncating(), "a")
    store = FlakyStore()
    store.states[KEY] = STATE | changes
    with pytest.raises(ValueError, match=r"."):
        memory.from_dict(STATE | changes)
    with pytest.raises(ValueError, match=r"."):
        await memory.hydrate(store, KEY)
    assert await shown(memory) == {"recent_turns": ["a"]}


async def test_a_state_that_is_no_object_is_refused() -> None:
    store = FlakyStore()
    store.states[KEY] = ["turns"]  # type: ignore[assignment]
    with pytest.raises(ValueError, match="is an object"):
        await truncating().hydrate(store, KEY)


async def test_text_that_no_store_could_keep_does_not_stop_the_conversation_from_being_kept(
    store: SupportsMemoryState,
) -> None:
    memory = truncating()
    await memory.add_turn(
        ConversationTurn("bro\ud800ken", "a", artifacts_shown={"handle": object(), "n": float("nan"), "x": 1})
    )
    await memory.persist(store, KEY)
    second = truncating()
    await second.hydrate(store, KEY)
    assert second.to_dict() == memory.to_dict()
    (kept,) = second.to_dict()["turns"]
    assert kept["user_message"] == "bro\ufffdken"
    assert kept["artifacts_shown"] == {"n": "nan", "x": 1}


def test_a_state_with_text_that_nobody_can_read_is_read_with_marks_in_its_place() -> None:
    memory = truncating()
    turns = [{"user_message": "bro\ud800ken", "assistant_response": "a"}]
    memory.from_dict(STATE | {"turns": turns})
    assert stored_names(memory.to_dict())["turns"] == ["bro\ufffdken"]


def test_later_changes_of_a_state_that_was_read_do_not_reach_the_memory() -> None:
    memory, shown_table = truncating(), {"rows": [1]}
    entry = {"user_message": "q", "assistant_response": "a", "artifacts_shown": {"table": shown_table}}
    memory.from_dict(STATE | {"turns": [entry]})
    shown_table["rows"].append(2)
    assert memory.to_dict()["turns"][0]["artifacts_shown"] == {"table": {"rows": [1]}}


async def test_a_state_that_is_written_twice_at_once_ends_with_the_newer_one() -> None:
    saving, gate = asyncio.Event(), asyncio.Event()

    class FirstIsSlow(FlakyStore):
        async def save_memory_state(self, key: str, state: dict[str, Any]) -> None:
            if not saving.is_set():
                saving.set()
                await gate.wait()
            await super().save_memory_state(key, state)

    store = FirstIsSlow()
    memory = await added(truncating(), "a")
    first = asyncio.create_task(memory.persist(store, KEY))
    await saving.wait()
    await added(memory, "b")
    second = asyncio.create_task(memory.persist(store, KEY))
    await asyncio.sleep(0)
    gate.set()
    await asyncio.gather(first, second)
    assert stored_names(store.states[KEY])["turns"] == ["a", "b"]


async def test_later_changes_of_a_written_state_do_not_reach_the_memory() -> None:
    memory = await added(truncating(), "a")
    memory.to_dict()["turns"].clear()
    assert await shown(memory) == {"recent_turns": ["a"]}


async def test_a_state_stored_with_a_larger_budget_is_cut_to_the_present_one() -> None:
    large = await added(truncating(), *(str(number) * 40 for number in range(5)))
    config = rolling(budget=MemoryBudget(5, 10, 50, "error"))
    small = DefaultShortTermMemory(config=config, summarizer=Summaries())
    small.from_dict(large.to_dict())
    assert small.estimate_tokens() <= 50
    assert len(small.to_dict()["backlog"]) == 4
    await small.add_turn(turn("n"))
    await small.aclose()
