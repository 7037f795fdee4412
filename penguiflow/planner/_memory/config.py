"""How a planner remembers conversations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from penguiflow.planner._json import JsonObject
from penguiflow.planner._loop.client_call import PlannerClient
from penguiflow.planner._memory.budget import (
    MemoryBudget,
    TokenEstimator,
    check_not_negative,
    check_one_of,
    default_token_estimator,
)
from penguiflow.planner._memory.health import RetryRules
from penguiflow.planner._memory.keys import MemoryIsolation

MemoryStrategy: TypeAlias = Literal["none", "truncation", "rolling_summary"]

MemoryCallback: TypeAlias = Callable[..., object]
"""Sync or async. It may take fewer arguments than it is called with, then it gets the last ones."""


@dataclass(frozen=True, slots=True)
class ShortTermMemoryConfig:
    """What is remembered of a conversation, for how long, and who is told.

    `truncation` keeps the last turns. `rolling_summary` also summarises the older ones in the background: a
    failed summary is tried again `retry_attempts` times after growing delays, then only recent turns are
    shown and up to `recovery_backlog_limit` older ones wait until an attempt after
    `degraded_retry_interval_s` succeeds. `summarizer_model` is a model name, a mapping or a client; without
    one the planner's own model summarises. `token_estimator=None` counts four characters as a token.

    Callbacks are called with `(turn)`, `(old summary, new summary)` and `(old health, new health)`. What they
    raise is logged.

    Raises:
        ValueError: an unknown strategy or a negative number.
    """

    strategy: MemoryStrategy = "none"
    budget: MemoryBudget = field(default_factory=MemoryBudget)
    isolation: MemoryIsolation = field(default_factory=MemoryIsolation)
    summarizer_model: str | Mapping[str, Any] | PlannerClient | None = None
    include_trajectory_digest: bool = True
    recovery_backlog_limit: int = 20
    retry_attempts: int = 3
    retry_backoff_base_s: float = 2.0
    degraded_retry_interval_s: float = 30.0
    token_estimator: TokenEstimator | None = None
    on_turn_added: MemoryCallback | None = None
    on_summary_updated: MemoryCallback | None = None
    on_health_changed: MemoryCallback | None = None

    def __post_init__(self) -> None:
        check_one_of("strategy", self.strategy, get_args(MemoryStrategy))
        for name in (
            "recovery_backlog_limit",
            "retry_attempts",
            "retry_backoff_base_s",
            "degraded_retry_interval_s",
        ):
            check_not_negative(name, getattr(self, name))

    @property
    def summarises(self) -> bool:
        """Return whether older turns are summarised."""
        return self.strategy == "rolling_summary"

    @property
    def estimate(self) -> TokenEstimator:
        """Return the estimator in use."""
        return self.token_estimator or default_token_estimator

    @property
    def retry_rules(self) -> RetryRules:
        """Return when failed summaries are tried again."""
        return RetryRules(
            attempts=self.retry_attempts,
            backoff_base_s=self.retry_backoff_base_s,
            degraded_interval_s=self.degraded_retry_interval_s,
        )


def config_record(config: ShortTermMemoryConfig) -> JsonObject:
    """Return the settings under which a state was stored, for whoever looks at the store."""
    return {
        "strategy": config.strategy,
        "budget": asdict(config.budget),
        "include_trajectory_digest": config.include_trajectory_digest,
        "recovery_backlog_limit": config.recovery_backlog_limit,
    }
