"""What only the in-memory store does: its limits, forgetting, and cheap saving."""

from __future__ import annotations

from hashlib import sha256

import pytest

from penguiflow.artifacts import ArtifactRetentionConfig, ArtifactScope, discover_artifact_store
from penguiflow.state import StoredEvent
from penguiflow.state.in_memory import InMemoryStateStore
from tests.fakes.history import asked, run_of

ARTIFACT_ID = f"art_{sha256(b'text').hexdigest()[:12]}"


class WithText:
    """A value without JSON form."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text


def stored(ts: float, **payload: object) -> StoredEvent:
    return StoredEvent(
        trace_id="trace", ts=ts, kind="node_start", node_name="a", node_id="a-1", payload=payload
    )


async def filled(store: InMemoryStateStore, session_id: str) -> None:
    trace_id = f"trace of {session_id}"
    await store.append_events(run_of(asked(), session_id=session_id, run_id=f"run of {session_id}"))
    await store.save_trajectory(trace_id, session_id, "trajectory")
    await store.save_planner_event(trace_id, "event")
    event = stored(1.0)
    event.trace_id = trace_id
    await store.save_event(event)
    await store.artifact_store.put_text("text", scope=ArtifactScope(session_id=session_id))


async def kept_of(store: InMemoryStateStore, session_id: str) -> list[int]:
    trace_id = f"trace of {session_id}"
    artifact = await store.artifact_store.get_with_session_check(ARTIFACT_ID, session_id)
    return [
        len(await store.load_session(session_id)),
        len(await store.list_traces(session_id)),
        len(await store.list_planner_events(trace_id)),
        len(await store.load_history(trace_id)),
        int(artifact is not None),
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"attempt": 0}, {"attempt": 1}),
        ({"attempt": -1}, {"attempt": -2}),  # Python hashes these two alike
        ({"attempt": 0}, {"attempt": 0, "more": None}),
        ({"flow_error": {"code": "A"}}, {"flow_error": {"code": "B"}}),
    ],
)
async def test_events_of_one_moment_are_told_apart_by_their_content(
    first: dict[str, object], second: dict[str, object]
) -> None:
    store = InMemoryStateStore()

    for payload in (first, second, first, second, dict(reversed(second.items()))):
        await store.save_event(stored(1.0, **payload))

    assert [event.payload for event in await store.load_history("trace")] == [first, second]


async def test_what_is_equal_as_text_is_one_event() -> None:
    store = InMemoryStateStore()

    await store.save_event(stored(1.0, error=WithText("bad")))
    await store.save_event(stored(1.0, error=WithText("bad")))

    assert len(await store.load_history("trace")) == 1


async def test_plain_events_are_kept_by_the_thousand_within_the_limit() -> None:
    store = InMemoryStateStore(max_events_per_trace=1_000)

    for number in range(5_000):
        await store.save_event(stored(1.0, number=number))

    kept = [event.payload["number"] for event in await store.load_history("trace")]
    assert kept == list(range(4_000, 5_000))


async def test_clearing_a_session_leaves_the_others() -> None:
    store = InMemoryStateStore()
    await filled(store, "one")
    await filled(store, "two")

    store.clear_session("one")
    store.clear_session("unknown")

    assert await kept_of(store, "one") == [0, 0, 0, 0, 0]
    assert await kept_of(store, "two") == [1, 1, 1, 1, 1]
    assert [summary.session_id for summary in await store.list_sessions()] == ["two"]


async def test_clearing_the_store_forgets_everything() -> None:
    store = InMemoryStateStore()
    await filled(store, "one")
    await store.save_memory_state("key", {"version": 1})
    await store.save_planner_state("token", {"steps": []})

    store.clear()

    assert await kept_of(store, "one") == [0, 0, 0, 0, 0]
    assert await store.load_memory_state("key") is None
    assert await store.load_planner_state("token") == {}


async def test_the_artifacts_of_a_store_are_found_and_limited() -> None:
    store = InMemoryStateStore(artifact_retention=ArtifactRetentionConfig(max_artifact_bytes=3))

    assert discover_artifact_store(store) is store.artifact_store
    with pytest.raises(ValueError, match="exceeds limit"):
        await store.artifact_store.put_bytes(b"four")


def test_every_documented_limit_may_be_given() -> None:
    InMemoryStateStore(
        max_events_per_trace=1,
        max_updates_per_session=1,
        max_steering_events_per_session=1,
        max_planner_events_per_trace=1,
        artifact_retention=None,
    )
