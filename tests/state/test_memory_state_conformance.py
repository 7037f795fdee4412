"""What every `SupportsMemoryState` does."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from penguiflow.state import StoreError, SupportsMemoryState
from penguiflow.state.in_memory import InMemoryStateStore
from penguiflow.state.postgres import PostgresStateStore
from penguiflow.state.sqlite import SqliteStateStore

Store = InMemoryStateStore | SqliteStateStore | PostgresStateStore
KEY = "tenant:user:session"


def test_both_stores_keep_memory_states(store: SupportsMemoryState) -> None:
    assert isinstance(store, SupportsMemoryState)


async def test_a_state_can_be_read_again_and_again(store: SupportsMemoryState) -> None:
    state = {"version": 1, "summary": "Ünïcode \ud800", "turns": [{"user": "hello", "ts": 1.5}]}

    await store.save_memory_state(KEY, state)

    assert await store.load_memory_state(KEY) == state
    assert await store.load_memory_state(KEY) == state


async def test_an_unknown_key_has_no_state(store: SupportsMemoryState) -> None:
    await store.save_memory_state(KEY, {"version": 1})

    assert await store.load_memory_state("tenant:user:other") is None


async def test_a_state_saved_again_replaces_the_first(store: SupportsMemoryState) -> None:
    await store.save_memory_state(KEY, {"turns": ["one"], "backlog": []})
    await store.save_memory_state(KEY, {"turns": ["one", "two"]})

    assert await store.load_memory_state(KEY) == {"turns": ["one", "two"]}


async def test_a_state_that_was_deleted_is_gone_and_others_stay(store: Store) -> None:
    await store.save_memory_state(KEY, {"turns": ["one"]})
    await store.save_memory_state("tenant:user:other", {"turns": ["two"]})

    await store.delete_memory_state(KEY)
    await store.delete_memory_state("tenant:user:never")

    assert await store.load_memory_state(KEY) is None
    assert await store.load_memory_state("tenant:user:other") == {"turns": ["two"]}


async def test_an_empty_state_is_a_state(store: SupportsMemoryState) -> None:
    await store.save_memory_state(KEY, {})

    assert await store.load_memory_state(KEY) == {}


async def test_changes_on_either_side_do_not_reach_the_store(store: SupportsMemoryState) -> None:
    state = {"turns": ["one"]}
    await store.save_memory_state(KEY, state)

    state["turns"].append("two")
    read = await store.load_memory_state(KEY)
    assert read is not None
    read["turns"].append("three")

    assert await store.load_memory_state(KEY) == {"turns": ["one"]}


async def test_a_file_store_refuses_a_state_that_is_no_json(tmp_path: Path) -> None:
    store = await SqliteStateStore.open(tmp_path / "history.sqlite3")

    with pytest.raises(StoreError, match="memory state `key` cannot be stored"):
        await store.save_memory_state("key", {"turns": {1, 2}})

    assert await store.load_memory_state("key") is None
    await store.aclose()


async def test_a_file_from_before_there_were_memory_states_can_keep_them(tmp_path: Path) -> None:
    path = Path(shutil.copy(Path(__file__).with_name("stored") / "history_v1.sqlite3", tmp_path))
    with closing(sqlite3.connect(path)) as file:
        file.execute("DROP TABLE memory_states")

    store = await SqliteStateStore.open(path)
    await store.save_memory_state("key", {"version": 1})

    assert await store.load_memory_state("key") == {"version": 1}
    await store.aclose()


async def test_the_in_memory_store_copies_any_value() -> None:
    store = InMemoryStateStore()

    await store.save_memory_state("key", {"turns": {1, 2}})

    assert await store.load_memory_state("key") == {"turns": {1, 2}}
