"""What every `SupportsTrajectories` does."""

from __future__ import annotations

import pytest

from penguiflow.planner import Trajectory
from penguiflow.state import SupportsTrajectories
from penguiflow.state.in_memory import InMemoryStateStore


@pytest.fixture
def store() -> SupportsTrajectories:
    return InMemoryStateStore()


def test_the_in_memory_store_keeps_trajectories(store: SupportsTrajectories) -> None:
    assert isinstance(store, SupportsTrajectories)


async def test_a_trajectory_comes_back_for_its_trace_and_session(store: SupportsTrajectories) -> None:
    await store.save_trajectory("trace", "session", Trajectory(query="What is new?"))

    found = await store.get_trajectory("trace", "session")

    assert isinstance(found, Trajectory)
    assert found.query == "What is new?"


async def test_another_session_does_not_get_it(store: SupportsTrajectories) -> None:
    await store.save_trajectory("trace", "session", Trajectory(query="mine"))

    assert await store.get_trajectory("trace", "other") is None
    assert await store.get_trajectory("other", "session") is None
    assert list(await store.list_traces("other")) == []


async def test_another_session_cannot_take_a_trace_away(store: SupportsTrajectories) -> None:
    await store.save_trajectory("trace", "session", Trajectory(query="mine"))
    await store.save_trajectory("trace", "other", Trajectory(query="theirs"))

    found = await store.get_trajectory("trace", "session")

    assert found is not None
    assert found.query == "mine"


async def test_the_trace_saved_last_is_listed_first(store: SupportsTrajectories) -> None:
    for trace_id in ("one", "two", "three", "one"):
        await store.save_trajectory(trace_id, "session", Trajectory(query=trace_id))

    assert list(await store.list_traces("session")) == ["one", "three", "two"]


@pytest.mark.parametrize(("limit", "listed"), [(2, ["c", "b"]), (10, ["c", "b", "a"]), (0, []), (-1, [])])
async def test_a_list_of_traces_is_limited(
    store: SupportsTrajectories, limit: int, listed: list[str]
) -> None:
    for trace_id in ("a", "b", "c"):
        await store.save_trajectory(trace_id, "session", Trajectory(query=trace_id))

    assert list(await store.list_traces("session", limit=limit)) == listed


async def test_fifty_traces_are_listed_unless_told_otherwise(store: SupportsTrajectories) -> None:
    for number in range(60):
        await store.save_trajectory(f"trace-{number}", "session", Trajectory(query="q"))

    listed = list(await store.list_traces("session"))

    assert (len(listed), listed[0]) == (50, "trace-59")
