"""A program is told what its memory does; it can neither slow the memory down nor break it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from penguiflow.planner.memory import DefaultShortTermMemory, MemoryHealth
from tests.planner_memory.memories import Sleeps, Summaries, added, quiet, rolling, tasks_left, turn

HEALTHY, RETRY, DEGRADED, RECOVERING = MemoryHealth

Heard = list[object]


def memory_with(summaries: Summaries | None = None, **callbacks: Any) -> DefaultShortTermMemory:
    return DefaultShortTermMemory(
        config=rolling(0, **callbacks), summarizer=summaries or Summaries(), sleep=Sleeps()
    )


async def test_sync_callbacks_with_fewer_arguments_all_fire() -> None:
    heard: Heard = []
    memory = memory_with(
        Summaries(failures=1),
        on_turn_added=lambda turn: heard.append(turn),
        on_summary_updated=lambda summary: heard.append(summary),
        on_health_changed=lambda old, new: heard.append((old, new)),
    )
    await added(memory, "a")
    await memory.flush()
    assert heard == [turn("a"), (HEALTHY, RETRY), "a", (RETRY, HEALTHY)]


async def test_async_callbacks_are_awaited_in_order() -> None:
    heard: Heard = []

    async def on_turn(turn: object) -> None:
        await asyncio.sleep(0)
        heard.append(turn)

    async def on_summary(old: str, new: str) -> None:
        heard.append((old, new))

    memory = memory_with(on_turn_added=on_turn, on_summary_updated=on_summary)
    await added(memory, "a", "b")
    await memory.flush()
    await added(memory, "c")
    await quiet()
    assert heard == [turn("a"), turn("b"), ("", "a b"), turn("c"), ("a b", "a b c")]
    assert memory.is_idle


CALLS: list[tuple[Callable[[Heard], Callable[..., object]], tuple[object, ...]]] = [
    (lambda heard: lambda: heard.append(()), ()),
    (lambda heard: lambda new: heard.append((new,)), ("a",)),
    (lambda heard: lambda old, new: heard.append((old, new)), ("", "a")),
    (lambda heard: lambda *both: heard.append(both), ("", "a")),
    (lambda heard: lambda old, new, more=None: heard.append((old, new)), ("", "a")),
    (lambda heard: lambda new, *, more=None: heard.append((new,)), ("a",)),
]


@pytest.mark.parametrize(("call", "expected"), CALLS)
async def test_a_callback_gets_as_many_of_the_last_arguments_as_it_takes(
    call: Callable[[Heard], Callable[..., object]], expected: tuple[object, ...]
) -> None:
    heard: Heard = []
    memory = memory_with(on_summary_updated=call(heard))
    await added(memory, "a")
    await memory.flush()
    assert heard == [expected]


async def test_a_bound_method_of_a_builtin_is_a_callback_too() -> None:
    heard: Heard = []
    memory = memory_with(on_turn_added=heard.append, on_summary_updated=heard.append)
    await added(memory, "a")
    await memory.flush()
    assert heard == [turn("a"), "a"]


async def test_what_callbacks_raise_is_logged_and_the_memory_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def broken(*_: object) -> None:
        raise LookupError("sync")

    async def broken_later(*_: object) -> None:
        raise LookupError("async")

    memory = memory_with(on_turn_added=broken_later, on_summary_updated=broken)
    await added(memory, "a")
    await memory.flush()
    await quiet()
    failures = {getattr(record, "exception", None) for record in caplog.records}
    assert failures == {"LookupError('sync')", "LookupError('async')"}
    assert memory.health is HEALTHY


async def test_a_callback_that_cancels_itself_does_not_keep_the_next_from_running() -> None:
    heard: list[object] = []

    async def cancels_itself(turn: object) -> None:
        heard.append(turn)
        raise asyncio.CancelledError

    memory = memory_with(on_turn_added=cancels_itself)
    await added(memory, "a", "b")
    await quiet()
    assert heard == [turn("a"), turn("b")]


async def test_a_slow_callback_holds_up_neither_turns_nor_summaries() -> None:
    gate = asyncio.Event()

    async def slow(turn: object) -> None:
        await gate.wait()

    memory = memory_with(on_turn_added=slow)
    await added(memory, "a", "b")
    await memory.flush()
    assert (await memory.get_llm_context())["conversation_memory"]["summary"] == "a b"
    assert not memory.is_idle
    gate.set()
    await memory.aclose()
    assert tasks_left() == set()


async def test_closing_ends_callbacks_that_never_return() -> None:
    async def endless(turn: object) -> None:
        await asyncio.Event().wait()

    memory = memory_with(on_turn_added=endless)
    await added(memory, "a", "b", "c")
    await memory.aclose(patience_s=0)
    assert tasks_left() == set()


async def test_calls_that_pile_up_behind_a_slow_callback_are_bounded(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard: Heard = []
    gate = asyncio.Event()

    async def slow(turn: object) -> None:
        await gate.wait()
        heard.append(turn)

    memory = memory_with(on_turn_added=slow)
    await added(memory, *map(str, range(1_100)))
    gate.set()
    await quiet()
    assert 1_000 <= len(heard) <= 1_001
    assert any("too slow" in record.message for record in caplog.records)


async def test_a_refused_turn_is_not_told() -> None:
    heard: Heard = []
    memory = memory_with(on_turn_added=heard.append, token_estimator=lambda text: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        await memory.add_turn(turn("a"))
    assert heard == []
