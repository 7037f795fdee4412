"""Settings of the conversation memory."""

from __future__ import annotations

from typing import Any

import pytest

from penguiflow.planner import memory
from penguiflow.planner.memory import (
    DefaultShortTermMemory,
    MemoryBudget,
    MemoryHealth,
    MemoryIsolation,
    ShortTermMemory,
    ShortTermMemoryArtifacts,
    ShortTermMemoryConfig,
    ShortTermMemoryPersistence,
    ShortTermMemorySerializable,
    default_token_estimator,
)


def test_the_module_names_what_it_offers() -> None:
    assert memory.__all__ == sorted(memory.__all__)
    assert len(memory.__all__) == 14


def test_defaults() -> None:
    config = ShortTermMemoryConfig()
    assert (config.strategy, config.summarizer_model, config.include_trajectory_digest) == (
        "none",
        None,
        True,
    )
    assert (config.recovery_backlog_limit, config.retry_attempts) == (20, 3)
    assert (config.retry_backoff_base_s, config.degraded_retry_interval_s) == (2.0, 30.0)
    assert config.budget == MemoryBudget(5, 1000, 10_000, "truncate_oldest")
    assert config.isolation == MemoryIsolation("tenant_id", "user_id", "session_id", True)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"full_zone_turns": -1}, "full_zone_turns must be >= 0"),
        ({"summary_max_tokens": -1}, "summary_max_tokens must be >= 0"),
        ({"total_max_tokens": -1}, "total_max_tokens must be >= 0"),
        (
            {"summary_max_tokens": 11, "total_max_tokens": 10},
            "summary_max_tokens must be <= total_max_tokens",
        ),
        ({"overflow_policy": "drop"}, "overflow_policy must be one of"),
    ],
)
def test_a_budget_that_makes_no_sense_is_refused(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        MemoryBudget(**settings)


def test_a_total_of_zero_means_no_total() -> None:
    assert MemoryBudget(summary_max_tokens=1000, total_max_tokens=0).total_max_tokens == 0


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"strategy": "forget"}, "strategy must be one of"),
        ({"recovery_backlog_limit": -1}, "recovery_backlog_limit must be >= 0"),
        ({"retry_attempts": -1}, "retry_attempts must be >= 0"),
        ({"retry_backoff_base_s": -0.1}, "retry_backoff_base_s must be >= 0"),
        ({"degraded_retry_interval_s": -1.0}, "degraded_retry_interval_s must be >= 0"),
    ],
)
def test_a_config_that_makes_no_sense_is_refused(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        ShortTermMemoryConfig(**settings)


@pytest.mark.parametrize(("text", "tokens"), [("", 1), ("abc", 1), ("abcd", 2), ("a" * 400, 101)])
def test_the_default_estimate_is_four_characters_per_token(text: str, tokens: int) -> None:
    assert default_token_estimator(text) == tokens


def test_summaries_need_a_summarizer() -> None:
    with pytest.raises(ValueError, match="rolling_summary"):
        DefaultShortTermMemory(config=ShortTermMemoryConfig(strategy="rolling_summary"))


def test_health_is_named_in_upper_case_and_written_in_lower_case() -> None:
    assert [(state.name, state.value) for state in MemoryHealth] == [
        ("HEALTHY", "healthy"),
        ("RETRY", "retry"),
        ("DEGRADED", "degraded"),
        ("RECOVERING", "recovering"),
    ]


@pytest.mark.parametrize(
    "port",
    [
        ShortTermMemory,
        ShortTermMemoryArtifacts,
        ShortTermMemoryPersistence,
        ShortTermMemorySerializable,
    ],
)
def test_the_default_memory_is_everything_a_memory_can_be(port: type) -> None:
    kept = DefaultShortTermMemory(config=ShortTermMemoryConfig())
    assert isinstance(kept, port)
    assert kept.get_artifact("any") is None
