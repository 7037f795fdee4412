"""The values around artifacts: defaults, round trips, and what a settings file may not say."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from penguiflow.artifacts import ArtifactRef, ArtifactRetentionConfig, ArtifactScope


def test_a_scope_and_a_ref_say_nothing_unless_told() -> None:
    assert ArtifactScope().model_dump() == dict.fromkeys(["tenant_id", "user_id", "session_id", "trace_id"])
    assert ArtifactRef(id="art_1").model_dump() == {
        "id": "art_1",
        "mime_type": None,
        "size_bytes": None,
        "filename": None,
        "sha256": None,
        "scope": None,
        "source": {},
    }


def test_the_limits_unless_told_otherwise() -> None:
    assert ArtifactRetentionConfig().model_dump() == {
        "ttl_seconds": 3600,
        "max_artifact_bytes": 50 * 1024 * 1024,
        "max_session_bytes": 500 * 1024 * 1024,
        "max_trace_bytes": 100 * 1024 * 1024,
        "max_artifacts_per_trace": 100,
        "max_artifacts_per_session": 1000,
        "cleanup_strategy": "lru",
    }


def test_a_ref_survives_a_round_trip_through_json() -> None:
    ref = ArtifactRef(id="art_1", size_bytes=3, scope=ArtifactScope(session_id="s"), source={"tool": "x"})

    assert ArtifactRef.model_validate_json(ref.model_dump_json()) == ref


@pytest.mark.parametrize("wrong", [{"cleanup_strategy": "oldest"}, {"max_session_bytes": -1}])
def test_limits_that_mean_nothing_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ArtifactRetentionConfig.model_validate(wrong)
