"""Whatever happens in whatever order, a turn is shown, waits, or is part of a summary."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penguiflow.planner._memory.callbacks import Callbacks
from penguiflow.planner._memory.ledger import Batch, Ledger
from penguiflow.planner.memory import (
    DefaultShortTermMemory,
    MemoryBudget,
    MemoryHealth,
    ShortTermMemoryConfig,
)
from tests.fakes.virtual_time import run_virtually
from tests.planner_memory.memories import Clock, rolling, stored_names, turn


@dataclass
class History:
    """What happened to a ledger, and what must be true of it."""

    config: ShortTermMemoryConfig
    clock: Clock = field(default_factory=Clock)
    given: list[str] = field(default_factory=list)
    summarised: set[str] = field(default_factory=set)
    batch: Batch | None = None

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.config, clock=self.clock, callbacks=Callbacks(self.config))

    def happen(self, event: str) -> None:
        match event:
            case "turn":
                self.given.append(str(len(self.given)))
                self.ledger.add(turn(self.given[-1]))
            case "begin":
                self.batch = self.batch or self.ledger.next_batch()
            case "time":
                self.clock.now += self.config.degraded_retry_interval_s
            case "other process":
                self.ledger.stored(self.ledger.snapshot())
                self.ledger.merge(self.ledger.snapshot().record | {"config_snapshot": {}})
            case _ if self.batch is not None:
                self._end(self.batch, succeeded=event == "succeed")

    def _end(self, batch: Batch, *, succeeded: bool) -> None:
        self.batch = None
        if not succeeded:
            self.ledger.failed(batch)
            return
        before = self.held()
        self.ledger.succeeded(batch, "a summary")
        gone = set(before) - set(self.held())
        assert gone <= {kept.user_message for kept in batch.turns}
        self.summarised |= gone

    def held(self) -> list[str]:
        zones = stored_names(self.ledger.snapshot().record)
        return [*zones["backlog"], *zones["pending"], *zones["turns"]]


EVENTS = st.lists(
    st.sampled_from(["turn", "turn", "turn", "begin", "succeed", "fail", "time", "other process"]),
    max_size=60,
)


@given(
    EVENTS,
    st.integers(0, 3),
    st.integers(0, 2),
    st.sampled_from([0, 60, 200]),
    st.sampled_from(["truncate_oldest", "truncate_summary"]),
)
def test_every_turn_is_held_or_part_of_a_successful_summary(
    events: list[str], full_zone_turns: int, retry_attempts: int, total: int, policy: str
) -> None:
    budget = MemoryBudget(full_zone_turns, 50, total, policy)  # type: ignore[arg-type]
    history = History(rolling(budget=budget, retry_attempts=retry_attempts, recovery_backlog_limit=100))
    for event in events:
        history.happen(event)
        held = history.held()
        assert held == sorted(held, key=int)
        assert set(held) | history.summarised == set(history.given)
        assert len(stored_names(history.ledger.snapshot().record)["turns"]) <= full_zone_turns
        assert total == 0 or history.ledger.tokens() <= total


@given(EVENTS, st.integers(0, 3))
def test_only_the_oldest_turns_over_the_backlogs_limit_are_given_up(events: list[str], limit: int) -> None:
    budget = MemoryBudget(full_zone_turns=1, total_max_tokens=0)
    history = History(rolling(budget=budget, retry_attempts=0, recovery_backlog_limit=limit))
    for event in events:
        history.happen(event)
        zones = stored_names(history.ledger.snapshot().record)
        assert len(zones["backlog"]) <= limit
        if history.ledger.health in (MemoryHealth.DEGRADED, MemoryHealth.RECOVERING):
            assert zones["pending"] == []
        held = history.held()
        assert held == history.given[len(history.given) - len(held) :]


@given(
    seed=st.integers(0, 10_000),
    eager=st.booleans(),
    delays=st.lists(st.sampled_from([0.0, 0.1, 1.0, 5.0]), min_size=1, max_size=12),
    failing=st.sets(st.integers(0, 8)),
)
@settings(max_examples=60)
def test_whatever_the_summarizer_does_a_flush_leaves_every_turn_somewhere(
    seed: int, eager: bool, delays: list[float], failing: set[int]
) -> None:
    async def scenario() -> None:
        calls = 0

        async def summarizer(request: dict[str, object]) -> dict[str, str]:
            nonlocal calls
            mine, calls = calls, calls + 1
            await asyncio.sleep(delays[mine % len(delays)])
            if mine in failing:
                raise ConnectionError
            names = [entry["user"] for entry in request["turns"]]  # type: ignore[attr-defined]
            return {"summary": " ".join([str(request["previous_summary"]), *names])}

        memory = DefaultShortTermMemory(
            config=rolling(2, retry_attempts=1, recovery_backlog_limit=100, degraded_retry_interval_s=2.0),
            summarizer=summarizer,
            time_source=asyncio.get_running_loop().time,
        )
        names = [str(number) for number in range(12)]

        async def talk(mine: list[str]) -> None:
            for position, name in enumerate(mine):
                await memory.add_turn(turn(name))
                await asyncio.sleep(delays[position % len(delays)])

        async with asyncio.TaskGroup() as callers:
            callers.create_task(talk(names[::2]))
            callers.create_task(talk(names[1::2]))
        await memory.flush()
        state = memory.to_dict()
        held = [name for zone in stored_names(state).values() for name in zone]
        assert sorted([*held, *state["summary"].split()], key=int) == names
        assert memory.health in (MemoryHealth.HEALTHY, MemoryHealth.DEGRADED)
        assert memory.is_idle
        await memory.aclose()

    run_virtually(scenario(), seed=seed, eager=eager)


@pytest.mark.parametrize("total", [1, 20, 60])
async def test_a_budget_that_nothing_fits_still_lets_every_turn_be_summarised(total: int) -> None:
    seen: list[str] = []

    async def summarizer(request: dict[str, object]) -> dict[str, str]:
        seen.extend(entry["user"] for entry in request["turns"])  # type: ignore[attr-defined]
        return {"summary": "s" * 500}

    budget = MemoryBudget(full_zone_turns=3, summary_max_tokens=0, total_max_tokens=total)
    memory = DefaultShortTermMemory(config=rolling(budget=budget), summarizer=summarizer)
    for number in range(10):
        await memory.add_turn(turn(str(number)))
    await memory.flush()
    held = [name for zone in stored_names(memory.to_dict()).values() for name in zone]
    assert [*seen, *held] == [str(number) for number in range(10)]
