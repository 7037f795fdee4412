"""How long and how much the in-memory store keeps, and for whom."""

from __future__ import annotations

import pytest

from penguiflow.artifacts import ArtifactRef, ArtifactRetentionConfig, ArtifactScope, InMemoryArtifactStore


class HandClock:
    def __init__(self) -> None:
        self._now = 100.0

    def __call__(self) -> float:
        return self._now

    def advance(self, seconds: float) -> None:
        self._now += seconds


def in_session(session_id: str, trace_id: str | None = None) -> ArtifactScope:
    return ArtifactScope(session_id=session_id, trace_id=trace_id)


async def put_all(
    store: InMemoryArtifactStore, *texts: str, scope: ArtifactScope | None = None
) -> list[ArtifactRef]:
    return [await store.put_text(text, scope=scope) for text in texts]


async def readable(store: InMemoryArtifactStore, refs: list[ArtifactRef]) -> list[bool]:
    return [await store.exists(ref.id) for ref in refs]


async def test_an_artifact_that_is_too_large_is_refused_and_evicts_nothing() -> None:
    store = InMemoryArtifactStore(ArtifactRetentionConfig(max_artifact_bytes=3))
    await store.put_bytes(b"abc")

    with pytest.raises(ValueError, match=r"`big\.bin` of 4 bytes exceeds limit `max_artifact_bytes` of 3"):
        await store.put_bytes(b"abcd", filename="big.bin")

    assert (store.count, store.total_bytes) == (1, 3)


async def test_an_artifact_larger_than_its_trace_may_hold_is_refused() -> None:
    store = InMemoryArtifactStore(ArtifactRetentionConfig(max_trace_bytes=3))
    await store.put_bytes(b"abcd", scope=in_session("s"))

    with pytest.raises(ValueError, match="exceeds limit `max_trace_bytes`"):
        await store.put_bytes(b"abcde", scope=in_session("s", "trace"))

    assert store.count == 1


async def test_an_artifact_is_gone_after_its_time_to_live() -> None:
    clock = HandClock()
    store = InMemoryArtifactStore(ArtifactRetentionConfig(ttl_seconds=10), clock=clock)
    refs = await put_all(store, "old")
    clock.advance(6)
    refs += await put_all(store, "young")

    clock.advance(4)

    assert await readable(store, refs) == [False, True]
    assert await store.get_ref(refs[0].id) is None
    assert (store.count, store.total_bytes) == (1, len("young"))


async def test_putting_the_content_again_begins_its_time_anew() -> None:
    clock = HandClock()
    store = InMemoryArtifactStore(ArtifactRetentionConfig(ttl_seconds=10), clock=clock)
    (ref,) = await put_all(store, "text")
    clock.advance(9)
    await store.get(ref.id)  # reading does not

    await store.put_text("text")
    clock.advance(9)
    assert await store.exists(ref.id)

    clock.advance(1)
    assert not await store.exists(ref.id)


async def test_without_a_time_to_live_artifacts_stay() -> None:
    clock = HandClock()
    store = InMemoryArtifactStore(ArtifactRetentionConfig(ttl_seconds=0), clock=clock)
    refs = await put_all(store, "text")

    clock.advance(1e9)

    assert await readable(store, refs) == [True]


@pytest.mark.parametrize(("strategy", "left"), [("lru", [True, False, True]), ("fifo", [False, True, True])])
async def test_only_lru_spares_what_was_read(strategy: str, left: list[bool]) -> None:
    retention = ArtifactRetentionConfig.model_validate(
        {"max_artifacts_per_session": 2, "cleanup_strategy": strategy}
    )
    store = InMemoryArtifactStore(retention)
    refs = await put_all(store, "one", "two")
    await store.get(refs[0].id)

    refs += await put_all(store, "three")

    assert await readable(store, refs) == left


@pytest.mark.parametrize("strategy", ["lru", "fifo"])
async def test_a_session_over_its_bytes_loses_its_oldest_artifacts(strategy: str) -> None:
    retention = ArtifactRetentionConfig.model_validate(
        {"max_session_bytes": 10, "cleanup_strategy": strategy}
    )
    store = InMemoryArtifactStore(retention)

    refs = await put_all(store, "aaaa", "bbbb", "cccccc")

    assert await readable(store, refs) == [False, True, True]
    assert store.total_bytes == 10


@pytest.mark.parametrize("setting", [{"max_artifacts_per_trace": 2}, {"max_trace_bytes": 8}])
async def test_a_trace_over_its_limits_loses_its_oldest_artifacts_and_no_others(
    setting: dict[str, int],
) -> None:
    store = InMemoryArtifactStore(ArtifactRetentionConfig.model_validate(setting))
    others = [
        *await put_all(store, "1111", "2222", "3333", scope=in_session("s")),
        *await put_all(store, "4444", scope=in_session("s", "other")),
    ]

    refs = await put_all(store, "aaaa", "bbbb", "cccc", scope=in_session("s", "trace"))

    assert await readable(store, refs) == [False, True, True]
    assert await readable(store, others) == [True] * 4


async def test_a_session_over_its_limits_leaves_other_sessions_alone() -> None:
    store = InMemoryArtifactStore(ArtifactRetentionConfig(max_artifacts_per_session=1))
    others = await put_all(store, "other", scope=in_session("two"))

    refs = await put_all(store, "one", "two", scope=in_session("one"))

    assert await readable(store, refs) == [False, True]
    assert await readable(store, others) == [True]


async def test_without_cleanup_nothing_is_evicted() -> None:
    retention = ArtifactRetentionConfig(
        max_artifacts_per_session=1, max_session_bytes=1, cleanup_strategy="none"
    )
    store = InMemoryArtifactStore(retention)

    refs = await put_all(store, "one", "two", "three")

    assert await readable(store, refs) == [True, True, True]


async def test_equal_content_of_two_sessions_shows_neither_the_ref_of_the_other() -> None:
    store = InMemoryArtifactStore()
    mine = await store.put_text("text", filename="mine.txt", scope=in_session("mine"))
    theirs = await store.put_text("text", filename="theirs.txt", scope=in_session("theirs"))

    assert (mine.id, mine.filename, theirs.filename) == (theirs.id, "mine.txt", "theirs.txt")
    store.clear_session("mine")
    assert await store.get_with_session_check(theirs.id, "theirs") == b"text"
    assert await store.get_with_session_check(mine.id, "mine") is None


async def test_a_cleared_store_is_empty() -> None:
    store = InMemoryArtifactStore()
    refs = await put_all(store, "one", "two")

    store.clear()

    assert await readable(store, refs) == [False, False]
    assert (store.count, store.total_bytes) == (0, 0)
