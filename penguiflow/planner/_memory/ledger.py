"""What one memory holds, and every way in which that changes. Nothing here waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from penguiflow._clock import MonotonicClock
from penguiflow.planner._json import JsonObject, json_text
from penguiflow.planner._memory.budget import MemoryBudget
from penguiflow.planner._memory.callbacks import Callbacks
from penguiflow.planner._memory.config import ShortTermMemoryConfig
from penguiflow.planner._memory.fitting import fitted, longest_tail
from penguiflow.planner._memory.health import (
    Condition,
    MemoryHealth,
    after_failure,
    recovering,
    recovery_is_due,
    retry_delay_s,
)
from penguiflow.planner._memory.record import StoredMemory, fingerprint, memory_record, read_record
from penguiflow.planner._memory.turns import ConversationTurn, Turns
from penguiflow.planner._memory.zones import Zones, view


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The turns of one summary: those below number `end`, on top of the summary before them."""

    previous_summary: str
    turns: Turns
    end: int
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What was held when it was written out."""

    record: JsonObject
    end: int


class Ledger:
    """Holds the turns of a conversation; remembers up to which of them a store has them."""

    def __init__(self, config: ShortTermMemoryConfig, *, clock: MonotonicClock, callbacks: Callbacks) -> None:
        self._config = config
        self._clock = clock
        self._callbacks = callbacks
        # In the background there is nobody to refuse a turn to.
        self._lenient = (
            replace(config.budget, overflow_policy="truncate_summary")
            if config.budget.overflow_policy == "error"
            else config.budget
        )
        self._zones = Zones()
        self._condition = Condition()
        self._epoch = 0
        self._stored_end = 0
        self._stored_fingerprint: str | None = None

    @property
    def health(self) -> MemoryHealth:
        """Return the state of the summaries."""
        return self._condition.health

    def view(self) -> JsonObject:
        """Return what the model reads."""
        return self._view(self._zones, whole=self._is_whole(self._condition))

    def tokens(self) -> int:
        """Return the estimated size of what the model reads."""
        return self._config.estimate(json_text(self.view()))

    def add(self, turn: ConversationTurn) -> None:
        """Take in a turn; it may be time to try a degraded memory again.

        Raises:
            MemoryBudgetExceeded: it does not fit, and the policy is to refuse it.
        """
        if self._config.strategy == "none":
            return
        grown = self._zones.with_turn(turn, self._config.budget.full_zone_turns)
        self._zones = self._settled(grown, self._config.budget, self._condition)
        before = self._condition
        if recovery_is_due(before, self._config.retry_rules, self._clock()):
            self._condition = recovering(before, something_waits=bool(self._zones.waiting))
        self._callbacks.turn_added(turn)
        self._callbacks.health_changed(before.health, self._condition.health)

    def next_batch(self) -> Batch | None:
        """Return what should be summarised now."""
        if not self._config.summarises or self.health == MemoryHealth.DEGRADED or not self._zones.waiting:
            return None
        return Batch(
            previous_summary=self._zones.summary,
            turns=self._zones.waiting,
            end=self._zones.waiting_end,
            epoch=self._epoch,
        )

    def succeeded(self, batch: Batch, summary: str) -> None:
        """Put a summary in the place of the turns it covers; those that came later go on waiting."""
        if batch.epoch != self._epoch:
            return  # what was held meanwhile gave way to what a store had
        before, old_summary = self._condition, self._zones.summary
        covered = self._zones.summarised(batch.end, self._short_enough(summary))
        self._zones = self._settled(covered, self._lenient, Condition())
        self._condition = Condition()
        self._callbacks.summary_updated(old_summary, self._zones.summary)
        self._callbacks.health_changed(before.health, self.health)

    def failed(self, batch: Batch) -> float | None:
        """Take note of a failed summary; return how many seconds to wait before the next attempt, if any."""
        if batch.epoch != self._epoch:
            return None
        before, rules = self._condition, self._config.retry_rules
        self._condition = after_failure(before, rules, self._clock())
        if not self._condition.is_whole:
            limit = self._config.recovery_backlog_limit
            self._zones = self._zones.with_pending_hidden().with_backlog_of(limit)
        self._callbacks.health_changed(before.health, self.health)
        return retry_delay_s(self._condition, rules) if self.health == MemoryHealth.RETRY else None

    def snapshot(self) -> Snapshot:
        """Return all that is held, as a store keeps it."""
        record = memory_record(self._zones, self.health, self._config)
        return Snapshot(record=record, end=self._zones.end)

    def stored(self, snapshot: Snapshot) -> None:
        """Take note that a store has this snapshot."""
        self._stored_end = snapshot.end
        self._stored_fingerprint = fingerprint(snapshot.record)

    def replace(self, record: Mapping[str, Any]) -> None:
        """Replace all that is held by what was written out.

        Raises:
            ValueError: it cannot be read.
        """
        self._take_over(read_record(record), ())

    def merge(self, record: Mapping[str, Any]) -> None:
        """Take over what a store has; turns that no store has yet follow behind.

        Raises:
            ValueError: it cannot be read.
        """
        stored = read_record(record)
        if stored.fingerprint == self._stored_fingerprint:
            return  # all that is held follows from it
        summarised_unstored = self._config.summarises and self._zones.left > self._stored_end
        summaries = [stored.zones.summary, self._zones.summary if summarised_unstored else ""]
        merged = "\n\n".join(filter(None, dict.fromkeys(summaries)))
        stored = replace(stored, zones=replace(stored.zones, summary=self._short_enough(merged)))
        self._take_over(stored, self._zones.turns_from(self._stored_end))

    def _take_over(self, stored: StoredMemory, unstored: Turns) -> None:
        zones = stored.zones
        stored_end = zones.end
        for turn in unstored:
            zones = zones.with_turn(turn, self._config.budget.full_zone_turns)
        condition = self._condition_of(stored.health)
        self._zones = self._settled(zones, self._lenient, condition)
        self._condition = condition
        self._epoch += 1  # turns are numbered anew
        self._stored_end, self._stored_fingerprint = stored_end, stored.fingerprint

    def _condition_of(self, health: MemoryHealth) -> Condition:
        if not self._config.summarises or health == MemoryHealth.HEALTHY:
            return Condition()
        if health == MemoryHealth.RETRY:
            return Condition(health=health)
        since = None if self._condition.is_whole else self._condition.failed_at
        return Condition(health=MemoryHealth.DEGRADED, failed_at=since)  # whoever was recovering is gone

    def _settled(self, zones: Zones, budget: MemoryBudget, condition: Condition) -> Zones:
        whole = self._is_whole(condition)

        def tokens_of(candidate: Zones) -> int:
            return self._config.estimate(json_text(self._view(candidate, whole=whole)))

        shown = zones if whole else zones.with_pending_hidden()
        kept = fitted(shown, budget, tokens_of, summary_shown=whole)
        return kept.with_backlog_of(self._config.recovery_backlog_limit if self._config.summarises else 0)

    def _is_whole(self, condition: Condition) -> bool:
        return self._config.summarises and condition.is_whole

    def _view(self, zones: Zones, *, whole: bool) -> JsonObject:
        return view(zones, whole=whole, with_digest=self._config.include_trajectory_digest)

    def _short_enough(self, summary: str) -> str:
        limit = self._config.budget.summary_max_tokens
        return longest_tail(summary, lambda text: self._config.estimate(text) <= limit)
