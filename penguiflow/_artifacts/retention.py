"""Decides what a store takes, how long it keeps it and what makes room. No clock, no storage.

A group is what one trace or one session holds. It is given as the size of each artifact by its key, the one
to go first at the front.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from penguiflow._artifacts.models import ArtifactRetentionConfig

_KeyT = TypeVar("_KeyT", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLimits:
    """What one trace or one session may hold."""

    max_count: int
    max_bytes: int


def trace_limits(retention: ArtifactRetentionConfig) -> GroupLimits:
    return GroupLimits(max_count=retention.max_artifacts_per_trace, max_bytes=retention.max_trace_bytes)


def session_limits(retention: ArtifactRetentionConfig) -> GroupLimits:
    return GroupLimits(max_count=retention.max_artifacts_per_session, max_bytes=retention.max_session_bytes)


def byte_limit(retention: ArtifactRetentionConfig, *, in_trace: bool) -> tuple[str, int]:
    """Return the setting that limits a single artifact most, and the size of the largest one that fits."""
    limits = {"max_artifact_bytes": retention.max_artifact_bytes}
    if retention.cleanup_strategy != "none":
        limits["max_session_bytes"] = retention.max_session_bytes
        if in_trace:
            limits["max_trace_bytes"] = retention.max_trace_bytes
    return min(limits.items(), key=lambda limit: limit[1])


def is_expired(*, put_at: float, now: float, ttl_seconds: float) -> bool:
    """Tell whether an artifact is past its time; a time to live of zero or less never ends."""
    return ttl_seconds > 0 and now - put_at >= ttl_seconds


def evictions(sizes: Mapping[_KeyT, int], *, newcomer_bytes: int, limits: GroupLimits) -> list[_KeyT]:
    """Return the keys that must go, first ones first, so that one more artifact fits into the group."""
    count_over = len(sizes) + 1 - limits.max_count
    bytes_over = sum(sizes.values()) + newcomer_bytes - limits.max_bytes
    leaving: list[_KeyT] = []
    for key, size in sizes.items():
        if count_over <= 0 and bytes_over <= 0:
            break
        leaving.append(key)
        count_over -= 1
        bytes_over -= size
    return leaving
