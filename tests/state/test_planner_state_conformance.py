"""What every store does with the record of a pause."""

from __future__ import annotations

import asyncio

import pytest

from penguiflow.state.errors import StoreError
from penguiflow.state.in_memory import InMemoryStateStore
from penguiflow.state.protocol import SupportsPlannerState
from penguiflow.state.sqlite import SqliteStateStore

Store = InMemoryStateStore | SqliteStateStore


async def test_a_record_is_given_once(store: SupportsPlannerState) -> None:
    await store.save_planner_state("token", {"steps": [1, {"a": "ü\ud800"}]})

    assert await store.load_planner_state("token") == {"steps": [1, {"a": "ü\ud800"}]}
    assert not await store.load_planner_state("token")


async def test_looking_at_a_record_leaves_it(store: Store) -> None:
    await store.save_planner_state("token", {"a": 1})

    assert await store.peek_planner_state("token") == {"a": 1}
    assert await store.load_planner_state("token") == {"a": 1}
    assert await store.peek_planner_state("token") is None


async def test_an_unknown_token_has_no_record(store: SupportsPlannerState) -> None:
    assert not await store.load_planner_state("forged' OR 1=1 --")


async def test_a_record_saved_again_replaces_the_first(store: SupportsPlannerState) -> None:
    await store.save_planner_state("token", {"version": 1})
    await store.save_planner_state("token", {"version": 2})

    assert await store.load_planner_state("token") == {"version": 2}


async def test_a_record_does_not_follow_later_changes(store: SupportsPlannerState) -> None:
    record = {"steps": ["one"]}
    await store.save_planner_state("token", record)

    record["steps"].append("two")

    assert await store.load_planner_state("token") == {"steps": ["one"]}


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes"])
async def test_a_record_that_is_no_json_is_refused_loudly(store: SupportsPlannerState, value: object) -> None:
    with pytest.raises(StoreError, match="pause `token` cannot be stored"):
        await store.save_planner_state("token", {"value": value})

    assert not await store.load_planner_state("token")


async def test_of_many_callers_exactly_one_gets_the_record(store: SupportsPlannerState) -> None:
    for round_number in range(50):
        token = f"token-{round_number}"
        await store.save_planner_state(token, {"round": round_number})

        taken = await asyncio.gather(*(store.load_planner_state(token) for _ in range(4)))

        assert [record for record in taken if record] == [{"round": round_number}]


async def test_the_in_memory_store_gives_an_empty_record_for_an_unknown_token() -> None:
    assert await InMemoryStateStore().load_planner_state("unknown") == {}
