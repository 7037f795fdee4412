"""Older turns become a summary, in the background."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from penguiflow.planner.memory import DefaultShortTermMemory, MemoryBudget, MemoryHealth
from tests.planner_memory.memories import (
    Clock,
    Sleeps,
    Summaries,
    added,
    quiet,
    rolling,
    shown,
    stored_names,
    tasks_left,
    turn,
)

HEALTHY, RETRY, DEGRADED, RECOVERING = MemoryHealth


async def test_older_turns_are_pending_until_they_are_summarised() -> None:
    summaries = Summaries()
    summaries.may_answer.clear()
    memory = DefaultShortTermMemory(config=rolling(2), summarizer=summaries)
    await added(memory, "a", "b", "c")
    assert await shown(memory) == {"recent_turns": ["b", "c"], "pending_turns": ["a"]}
    summaries.may_answer.set()
    await memory.flush()
    assert await shown(memory) == {"recent_turns": ["b", "c"], "summary": "a"}
    assert memory.is_idle


async def test_adding_a_turn_does_not_wait_for_a_summary_that_never_comes() -> None:
    summaries = Summaries()
    summaries.may_answer.clear()
    memory = DefaultShortTermMemory(config=rolling(1), summarizer=summaries)
    await added(memory, *"abcdefgh")
    assert summaries.asked in ([], [["a"]])
    assert (await shown(memory))["pending_turns"] == list("abcdefg")
    await memory.aclose(patience_s=0)
    assert tasks_left() == set()


async def test_the_summarizer_is_given_the_summary_so_far_and_the_turns_as_the_model_reads_them() -> None:
    summaries = Summaries()
    memory = DefaultShortTermMemory(config=rolling(0), summarizer=summaries)
    await added(memory, "a")
    await memory.flush()
    await added(memory, "b")
    await memory.flush()
    assert summaries.requests == [
        {"previous_summary": "", "turns": [{"user": "a", "assistant": "re a"}]},
        {"previous_summary": "a", "turns": [{"user": "b", "assistant": "re b"}]},
    ]


async def test_turns_that_come_during_a_summary_are_in_the_next_one() -> None:
    summaries = Summaries()
    summaries.may_answer.clear()
    memory = DefaultShortTermMemory(config=rolling(1), summarizer=summaries)
    await added(memory, "a", "b")
    await summaries.wait_asked(1)
    await added(memory, "c", "d", "e")
    summaries.may_answer.set()
    await memory.flush()
    assert summaries.asked == [["a"], ["b", "c", "d"]]
    assert await shown(memory) == {"recent_turns": ["e"], "summary": "a b c d"}


async def test_a_failed_summary_is_tried_again_without_anybody_asking() -> None:
    summaries, sleeps = Summaries(failures=2), Sleeps()
    memory = DefaultShortTermMemory(config=rolling(1), summarizer=summaries, sleep=sleeps)
    await added(memory, "a", "b")
    await quiet()
    assert sleeps.delays == [2.0, 4.0]
    assert summaries.asked == [["a"]] * 3
    assert await shown(memory) == {"recent_turns": ["b"], "summary": "a"}
    assert memory.health is HEALTHY


async def test_while_a_retry_waits_everything_is_still_shown() -> None:
    summaries, sleeps = Summaries(failures=1), Sleeps()
    sleeps.may_end.clear()
    memory = DefaultShortTermMemory(config=rolling(1), summarizer=summaries, sleep=sleeps)
    await added(memory, "a", "b")
    await sleeps.wait_begun()
    assert memory.health is RETRY
    assert await shown(memory) == {"recent_turns": ["b"], "pending_turns": ["a"]}
    await added(memory, "c")
    sleeps.may_end.set()
    await memory.flush()
    assert summaries.asked == [["a"], ["a", "b"]]


@pytest.mark.parametrize(("attempts", "asked"), [(0, 1), (2, 3)])
async def test_a_summarizer_that_keeps_failing_is_given_up(attempts: int, asked: int) -> None:
    summaries, sleeps = Summaries(failures=99), Sleeps()
    memory = DefaultShortTermMemory(
        config=rolling(1, retry_attempts=attempts), summarizer=summaries, sleep=sleeps
    )
    await added(memory, "a", "b")
    await memory.flush()
    assert memory.health is DEGRADED
    assert len(summaries.requests) == asked
    assert await shown(memory) == {"recent_turns": ["b"]}
    assert stored_names(memory.to_dict()) == {"turns": ["b"], "pending": [], "backlog": ["a"]}


async def degraded(summaries: Summaries, clock: Clock, **settings: Any) -> DefaultShortTermMemory:
    summaries.failures = 1
    memory = DefaultShortTermMemory(
        config=rolling(1, retry_attempts=0, **settings),
        summarizer=summaries,
        time_source=clock,
    )
    await added(memory, "a", "b")
    await memory.flush()
    assert memory.health is DEGRADED
    return memory


async def test_a_degraded_memory_recovers_with_a_turn_after_a_while() -> None:
    summaries, clock = Summaries(), Clock()
    memory = await degraded(summaries, clock)
    clock.now += 29.0
    await added(memory, "c")
    await memory.flush()
    assert len(summaries.requests) == 1
    clock.now += 1.0
    summaries.may_answer.clear()
    await added(memory, "d")
    assert memory.health is RECOVERING
    assert await shown(memory) == {"recent_turns": ["d"]}
    summaries.may_answer.set()
    await memory.flush()
    assert memory.health is HEALTHY
    assert await shown(memory) == {"recent_turns": ["d"], "summary": "a b c"}
    assert stored_names(memory.to_dict())["backlog"] == []


async def test_a_recovery_that_fails_waits_another_while() -> None:
    summaries, clock = Summaries(), Clock()
    memory = await degraded(summaries, clock)
    clock.now += 30.0
    summaries.failures = 1
    await added(memory, "c")
    await memory.flush()
    assert memory.health is DEGRADED
    await added(memory, "d")
    await memory.flush()
    assert len(summaries.requests) == 2
    assert stored_names(memory.to_dict())["backlog"] == ["a", "b", "c"]


async def test_turns_that_come_during_a_recovery_are_summarised_after_it() -> None:
    summaries, clock = Summaries(), Clock()
    memory = await degraded(summaries, clock)
    clock.now += 30.0
    summaries.may_answer.clear()
    await added(memory, "c")
    await summaries.wait_asked(2)
    await added(memory, "d", "e")
    summaries.may_answer.set()
    await memory.flush()
    assert summaries.asked[1:] == [["a", "b"], ["c", "d"]]
    assert await shown(memory) == {"recent_turns": ["e"], "summary": "a b c d"}


async def test_the_backlog_keeps_the_newest_turns() -> None:
    summaries, clock = Summaries(), Clock()
    memory = await degraded(summaries, clock, recovery_backlog_limit=2)
    await added(memory, "c", "d", "e")
    assert stored_names(memory.to_dict()) == {"turns": ["e"], "pending": [], "backlog": ["c", "d"]}


async def test_without_a_backlog_the_next_turns_show_whether_summaries_work_again() -> None:
    summaries, clock = Summaries(), Clock()
    memory = await degraded(summaries, clock, recovery_backlog_limit=0)
    clock.now += 30.0
    await added(memory, "c")
    assert memory.health is HEALTHY
    await added(memory, "d")
    await memory.flush()
    assert await shown(memory) == {"recent_turns": ["d"], "summary": "c"}


@pytest.mark.parametrize("reply", [{}, {"summary": ""}, {"summary": " "}, {"summary": 3}, "text", None])
async def test_a_reply_without_a_summary_is_a_failure_and_keeps_the_turns(reply: Any) -> None:
    async def summarizer(request: dict[str, Any]) -> Any:
        return reply

    memory = DefaultShortTermMemory(config=rolling(1, retry_attempts=0), summarizer=summarizer)
    await added(memory, "a", "b")
    await memory.flush()
    assert memory.health is DEGRADED
    assert stored_names(memory.to_dict())["backlog"] == ["a"]


async def test_a_summarizer_that_cancels_itself_has_failed() -> None:
    async def summarizer(request: dict[str, Any]) -> Any:
        raise asyncio.CancelledError

    memory = DefaultShortTermMemory(config=rolling(1, retry_attempts=0), summarizer=summarizer)
    await added(memory, "a", "b")
    await memory.flush()
    assert memory.health is DEGRADED


async def test_a_long_summary_keeps_its_end() -> None:
    async def summarizer(request: dict[str, Any]) -> dict[str, Any]:
        return {"summary": "begin " + "x" * 100 + " end"}

    budget = MemoryBudget(full_zone_turns=0, summary_max_tokens=5)
    memory = DefaultShortTermMemory(config=rolling(budget=budget), summarizer=summarizer)
    await added(memory, "a")
    await memory.flush()
    assert (await shown(memory))["summary"] == "x" * 15 + " end"


async def test_turns_that_are_not_shown_for_lack_of_room_are_summarised_all_the_same() -> None:
    summaries = Summaries()
    budget = MemoryBudget(full_zone_turns=5, summary_max_tokens=10, total_max_tokens=40)
    memory = DefaultShortTermMemory(config=rolling(budget=budget), summarizer=summaries)
    await added(memory, "a", "b" * 70, "c")
    await memory.flush()
    assert memory.estimate_tokens() <= 40
    assert [name for asked in summaries.asked for name in asked] == ["a", "b" * 70]


async def test_a_summary_within_its_own_limit_is_shortened_until_the_turns_fit() -> None:
    budget = MemoryBudget(
        full_zone_turns=3, summary_max_tokens=30, total_max_tokens=40, overflow_policy="truncate_summary"
    )

    async def summarizer(request: dict[str, Any]) -> dict[str, Any]:
        return {"summary": "s" * 100}

    memory = DefaultShortTermMemory(config=rolling(budget=budget), summarizer=summarizer)
    async with asyncio.timeout(5):
        await added(memory, "a", "b", "c", "d")
        await memory.flush()
        await added(memory, "e")
    assert memory.estimate_tokens() <= 40
    assert (await shown(memory))["recent_turns"] == ["c", "d", "e"]
    await memory.aclose()


async def test_a_summary_that_makes_it_too_much_gives_way_when_turns_may_only_be_refused() -> None:
    budget = MemoryBudget(
        full_zone_turns=1, summary_max_tokens=30, total_max_tokens=40, overflow_policy="error"
    )

    async def summarizer(request: dict[str, Any]) -> dict[str, Any]:
        return {"summary": "s" * 115}

    memory = DefaultShortTermMemory(config=rolling(budget=budget), summarizer=summarizer, sleep=Sleeps())
    await added(memory, "a", "b" * 20)
    await memory.flush()
    assert memory.estimate_tokens() <= 40
    view = await shown(memory)
    assert view["recent_turns"] == ["b" * 20]
    assert 0 < len(view["summary"]) < 115


async def test_the_summary_before_a_failure_is_built_upon_after_it() -> None:
    summaries, clock = Summaries(), Clock()
    memory = DefaultShortTermMemory(
        config=rolling(1, retry_attempts=0), summarizer=summaries, time_source=clock
    )
    await added(memory, "a", "b")
    await memory.flush()
    summaries.failures = 1
    await added(memory, "c")
    await memory.flush()
    assert await shown(memory) == {"recent_turns": ["c"]}
    clock.now += 30.0
    await added(memory, "d")
    await memory.flush()
    assert (await shown(memory))["summary"] == "a b c"


async def test_whoever_waits_can_be_cancelled_without_harm_to_the_summary() -> None:
    summaries = Summaries()
    summaries.may_answer.clear()
    memory = DefaultShortTermMemory(config=rolling(0), summarizer=summaries)
    await added(memory, "a")
    waiting = asyncio.create_task(memory.flush())
    await summaries.wait_asked(1)
    waiting.cancel()
    await asyncio.wait((waiting,))
    summaries.may_answer.set()
    await memory.flush()
    assert summaries.asked == [["a"]]
    assert (await shown(memory))["summary"] == "a"


async def test_a_summarizer_may_flush_the_memory_it_works_for() -> None:
    async def summarizer(request: dict[str, Any]) -> dict[str, Any]:
        await memory.flush()
        return {"summary": "s"}

    memory = DefaultShortTermMemory(config=rolling(0), summarizer=summarizer)
    await added(memory, "a")
    async with asyncio.timeout(5):
        await memory.flush()


async def test_closing_lets_a_summary_come_to_its_end() -> None:
    summaries = Summaries()
    summaries.may_answer.clear()
    memory = DefaultShortTermMemory(config=rolling(0), summarizer=summaries)
    await added(memory, "a")
    await summaries.wait_asked(1)
    closing = asyncio.create_task(memory.aclose())
    summaries.may_answer.set()
    await closing
    assert (await shown(memory))["summary"] == "a"
    assert tasks_left() == set()


async def test_closing_ends_a_summary_that_takes_too_long_and_keeps_its_turns() -> None:
    summaries = Summaries()
    summaries.may_answer.clear()
    memory = DefaultShortTermMemory(config=rolling(0), summarizer=summaries)
    await added(memory, "a")
    await summaries.wait_asked(1)
    await memory.aclose(patience_s=0)
    assert tasks_left() == set()
    assert await shown(memory) == {"recent_turns": [], "pending_turns": ["a"]}


async def test_closing_does_not_wait_for_a_retry() -> None:
    summaries, sleeps = Summaries(failures=1), Sleeps()
    sleeps.may_end.clear()
    memory = DefaultShortTermMemory(config=rolling(0), summarizer=summaries, sleep=sleeps)
    await added(memory, "a")
    await sleeps.wait_begun()
    async with asyncio.timeout(5):
        await memory.aclose(patience_s=60)
    assert tasks_left() == set()


async def test_a_closed_memory_starts_anew_with_the_next_turn() -> None:
    summaries = Summaries()
    summaries.may_answer.clear()
    memory = DefaultShortTermMemory(config=rolling(0), summarizer=summaries)
    await added(memory, "a")
    await memory.aclose(patience_s=0)
    summaries.may_answer.set()
    await memory.add_turn(turn("b"))
    await memory.flush()
    assert (await shown(memory))["summary"] == "a b"
