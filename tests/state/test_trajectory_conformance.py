"""What every `SupportsTrajectories` does. A store of texts gives back what a trajectory tells of itself."""

from __future__ import annotations

import pytest

from penguiflow.planner import Trajectory
from penguiflow.state import SupportsTrajectories


def whole_trajectory() -> Trajectory:
    return Trajectory.from_serialised(
        {
            "query": "What is new?",
            "llm_context": {"user": "Ünïcode \ud800\0", "n": [1, 2.5, 10**30]},
            "tool_context": {"tenant": "t"},
            "steps": [
                {
                    "action": {"thought": "look", "next_node": "search", "args": {"q": "x"}},
                    "observation": {"rows": [None, True]},
                    "latency_ms": 12.5,
                }
            ],
            "summary": {"goals": ["What is new?"], "facts": {"a": 1}},
            "steering_inputs": ["hurry"],
        }
    )


def as_trajectory(found: object) -> Trajectory:
    if isinstance(found, Trajectory):
        return found
    assert isinstance(found, dict)
    return Trajectory.from_serialised(found)


def test_every_store_keeps_trajectories(store: SupportsTrajectories) -> None:
    assert isinstance(store, SupportsTrajectories)


async def test_a_trajectory_comes_back_for_its_trace_and_session(store: SupportsTrajectories) -> None:
    await store.save_trajectory("trace", "session", whole_trajectory())

    found = await store.get_trajectory("trace", "session")

    assert as_trajectory(found) == whole_trajectory()


async def test_a_dictionary_is_kept_as_it_is(store: SupportsTrajectories) -> None:
    record = whole_trajectory().serialise()

    await store.save_trajectory("trace", "session", record)

    assert await store.get_trajectory("trace", "session") == record


async def test_a_tool_context_without_json_form_does_not_lose_the_trajectory(
    store: SupportsTrajectories,
) -> None:
    await store.save_trajectory("trace", "session", Trajectory(query="q", tool_context={"client": object()}))

    assert as_trajectory(await store.get_trajectory("trace", "session")).query == "q"


async def test_another_session_does_not_get_it(store: SupportsTrajectories) -> None:
    await store.save_trajectory("trace", "session", Trajectory(query="mine"))

    assert await store.get_trajectory("trace", "other") is None
    assert await store.get_trajectory("other", "session") is None
    assert list(await store.list_traces("other")) == []


async def test_another_session_cannot_take_a_trace_away(store: SupportsTrajectories) -> None:
    await store.save_trajectory("trace", "session", Trajectory(query="mine"))
    await store.save_trajectory("trace", "other", Trajectory(query="theirs"))

    found = await store.get_trajectory("trace", "session")

    assert as_trajectory(found).query == "mine"


async def test_a_trajectory_saved_again_replaces_the_first(store: SupportsTrajectories) -> None:
    for query in ("first", "second"):
        await store.save_trajectory("trace", "session", Trajectory(query=query))

    assert as_trajectory(await store.get_trajectory("trace", "session")).query == "second"


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
