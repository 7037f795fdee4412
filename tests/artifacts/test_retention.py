"""What goes, when, and what is refused: decisions without a store."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow._artifacts.retention import GroupLimits, byte_limit, evictions, is_expired
from penguiflow.artifacts import ArtifactRetentionConfig

sizes_by_key = st.dictionaries(st.text(max_size=3), st.integers(0, 50), max_size=12)


@pytest.mark.parametrize(
    ("age", "ttl_seconds", "expired"),
    [(0.0, 10.0, False), (9.9, 10.0, False), (10.0, 10.0, True), (1e9, 0.0, False), (1e9, -1.0, False)],
)
def test_an_artifact_ends_with_its_time_to_live(age: float, ttl_seconds: float, *, expired: bool) -> None:
    assert is_expired(put_at=100.0, now=100.0 + age, ttl_seconds=ttl_seconds) is expired


@pytest.mark.parametrize(
    ("newcomer_bytes", "max_count", "max_bytes", "leaving"),
    [
        (5, 10, 100, []),
        (5, 4, 100, []),
        (5, 3, 100, ["a"]),
        (5, 1, 100, ["a", "b", "c"]),
        (70, 10, 100, []),
        (71, 10, 100, ["a"]),
        (91, 10, 100, ["a", "b"]),
        (81, 3, 100, ["a", "b"]),
    ],
)
def test_the_first_ones_go_until_the_newcomer_fits(
    newcomer_bytes: int, max_count: int, max_bytes: int, leaving: list[str]
) -> None:
    limits = GroupLimits(max_count=max_count, max_bytes=max_bytes)

    assert evictions({"a": 10, "b": 15, "c": 5}, newcomer_bytes=newcomer_bytes, limits=limits) == leaving


@given(sizes=sizes_by_key, newcomer_bytes=st.integers(0, 60), max_count=st.integers(1, 12))
def test_after_the_evictions_the_newcomer_fits_and_nothing_went_in_vain(
    sizes: dict[str, int], newcomer_bytes: int, max_count: int
) -> None:
    limits = GroupLimits(max_count=max_count, max_bytes=60)

    leaving = evictions(sizes, newcomer_bytes=newcomer_bytes, limits=limits)

    assert leaving == list(sizes)[: len(leaving)]
    assert _fits(sizes, leaving, newcomer_bytes, limits)
    assert not leaving or not _fits(sizes, leaving[:-1], newcomer_bytes, limits)


@pytest.mark.parametrize(
    ("strategy", "in_trace", "limit"),
    [
        ("lru", False, ("max_session_bytes", 20)),
        ("fifo", True, ("max_trace_bytes", 10)),
        ("none", True, ("max_artifact_bytes", 30)),
    ],
)
def test_a_single_artifact_must_fit_into_every_limit_that_is_kept(
    strategy: str, limit: tuple[str, int], *, in_trace: bool
) -> None:
    retention = ArtifactRetentionConfig.model_validate(
        {
            "max_artifact_bytes": 30,
            "max_session_bytes": 20,
            "max_trace_bytes": 10,
            "cleanup_strategy": strategy,
        }
    )

    assert byte_limit(retention, in_trace=in_trace) == limit


def _fits(sizes: dict[str, int], leaving: list[str], newcomer_bytes: int, limits: GroupLimits) -> bool:
    staying = [size for key, size in sizes.items() if key not in leaving]
    return len(staying) < limits.max_count and sum(staying) + newcomer_bytes <= limits.max_bytes
