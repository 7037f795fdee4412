"""What is known about an artifact without its bytes, and how long and how many a store keeps."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

CleanupStrategy: TypeAlias = Literal["lru", "fifo", "none"]

_MIB = 1024 * 1024


class ArtifactScope(BaseModel):
    """Whom an artifact belongs to; `None` leaves that level open."""

    model_config = ConfigDict(frozen=True)

    tenant_id: str | None = None
    user_id: str | None = None
    session_id: str | None = None
    trace_id: str | None = None


class ArtifactRef(BaseModel):
    """Stands for the bytes of an artifact wherever those would be too many, in a prompt for instance."""

    model_config = ConfigDict(frozen=True)

    id: str
    mime_type: str | None = None
    size_bytes: int | None = None
    filename: str | None = None
    sha256: str | None = None
    scope: ArtifactScope | None = None
    source: dict[str, Any] = Field(default_factory=dict)  # notes of whoever stored it
    """Where the artifact comes from."""


class ArtifactRetentionConfig(BaseModel):
    """Limits of a store that keeps artifacts for a while.

    `cleanup_strategy` says what makes room when a trace or a session is over its limits: "lru" drops what
    was used least recently, "fifo" what was put first, whoever read it since, and "none" nothing, so that
    only `max_artifact_bytes` and the time to live hold.
    """

    model_config = ConfigDict(frozen=True)

    ttl_seconds: float = 3600
    """Counted from the last put of the content; zero or less keeps artifacts for ever."""

    max_artifact_bytes: int = Field(default=50 * _MIB, ge=0)
    max_session_bytes: int = Field(default=500 * _MIB, ge=0)
    max_trace_bytes: int = Field(default=100 * _MIB, ge=0)
    max_artifacts_per_trace: int = Field(default=100, ge=1)
    max_artifacts_per_session: int = Field(default=1000, ge=1)
    cleanup_strategy: CleanupStrategy = "lru"
