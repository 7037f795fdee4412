"""Faults that nodes make: cancellations of their own, deafness, blocking the loop, flooding themselves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, TypeAlias

import pytest

from penguiflow import Context, FinalAnswer, FlowError, FlowStopped, Message, Node, NodePolicy, create
from penguiflow.core import StopTimeoutError
from penguiflow.errors import DeadlockError
from tests.fakes.flows import Recorder, chain, loop_clock, message, passes_on, running, settled, untyped
from tests.fakes.virtual_time import VirtualTimeLoop, run_virtually


@pytest.mark.parametrize("traced", [True, False], ids=["traced", "bare"])
async def test_a_cancelled_error_that_a_node_raises_itself_fails_the_node_and_spares_its_worker(
    traced: bool,
) -> None:
    """C4: user node raises CancelledError itself."""

    async def leaks(msg: Any, ctx: Context) -> Any:
        payload = msg.payload if isinstance(msg, Message) else msg
        if payload == "bad":
            inner = asyncio.create_task(asyncio.sleep(10))
            inner.cancel()
            await inner
        return msg

    async with running(chain(untyped(leaks, "leaks"), emit_errors_to_rookery=True)) as flow:
        await flow.emit(message("bad") if traced else "bad")
        if traced:
            failure = await flow.fetch()
            assert isinstance(failure, FlowError)
            assert failure.code == "NODE_EXCEPTION"
            assert failure.exception_type == "CancelledError"
        await flow.emit(message("good") if traced else "good")
        answer = await asyncio.wait_for(flow.fetch(), 5)

        assert (answer.payload if traced else answer) == "good"


@pytest.mark.parametrize("handled", [False, True], ids=["raised", "handled"])
async def test_a_failed_task_group_in_a_node_spares_its_worker(handled: bool) -> None:
    """C4: before Python 3.13 a task group leaves its task cancelled when a child of it has failed."""

    async def fails() -> None:
        await asyncio.sleep(1)
        raise ValueError("child")

    async def groups(msg: Message, ctx: Context) -> Message:
        if msg.payload == "good":
            return msg
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(fails())
                group.create_task(asyncio.sleep(5))
        except* ValueError:
            if not handled:
                raise
        return msg

    async with running(chain(untyped(groups, "groups"), emit_errors_to_rookery=True)) as flow:
        for _ in range(3):
            await flow.emit(message("bad"))
            assert isinstance(await asyncio.wait_for(flow.fetch(), 5), Message if handled else FlowError)
            await settled()
        await flow.emit(message("good"))
        assert (await asyncio.wait_for(flow.fetch(), 5)).payload == "good"


@pytest.mark.parametrize("steps", range(8))
def test_whoever_fetches_learns_that_the_flow_was_lost(steps: int) -> None:
    """C4: a worker is cancelled from outside, just when its result is on the way to a caller."""
    for seed in range(40):
        run_virtually(_lose_a_worker(steps), seed=seed)


async def _lose_a_worker(steps: int) -> None:
    flow = chain(untyped(passes_on, "a"), untyped(passes_on, "b"))
    flow.run()
    workers = [task for task in asyncio.all_tasks() if task.get_name().startswith("penguiflow:")]
    callers = [asyncio.create_task(flow.fetch()) for _ in range(2)]
    callers += [asyncio.create_task(flow.fetch(trace_id="lost")), asyncio.create_task(flow.outcome("lost"))]
    await settled()
    flow.emit_nowait(message(trace_id="lost"))
    await settled(steps)
    for worker in workers:
        worker.cancel()
    done, waiting = await asyncio.wait(callers, timeout=5)

    assert not waiting
    assert all(isinstance(caller.exception(), FlowStopped | None) for caller in done)
    await flow.stop()


class Broken(Exception):
    """Cannot even be printed."""

    def __repr__(self) -> str:
        raise Broken

    __str__ = __repr__


async def test_an_exception_that_cannot_be_printed_is_a_failure_like_any_other() -> None:
    """C4: whatever a node raises, its worker lives and the caller gets a typed error."""

    async def fails(msg: Message, ctx: Context) -> Message:
        if msg.payload == "bad":
            raise Broken
        return msg

    flow = chain(untyped(fails, "fails"), emit_errors_to_rookery=True, middlewares=[Recorder()])
    async with running(flow):
        await flow.emit(message("bad"))
        failure = await asyncio.wait_for(flow.fetch(), 5)
        assert isinstance(failure, FlowError)
        assert failure.exception_type == "Broken"
        await flow.emit(message("good"))
        assert (await flow.fetch()).payload == "good"


async def test_stop_names_the_deaf_node_after_its_grace_and_the_next_run_starts_empty() -> None:
    """C5: user node swallows cancellation."""
    released = asyncio.Event()

    async def deaf(msg: Message, ctx: Context) -> Message:
        while msg.payload == "old" and not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                continue
        return msg

    flow = chain(untyped(deaf, "deaf"), untyped(passes_on, "next"))
    flow.run()
    await flow.emit(message("old"))
    await settled()
    asked_at = loop_clock()
    with pytest.raises(StopTimeoutError, match="`deaf` still running 3 s") as caught:
        await flow.stop(grace_s=3)
    assert loop_clock() - asked_at == pytest.approx(3)
    assert caught.value.node_names == ("deaf",)

    released.set()
    await settled()
    async with running(flow):
        await flow.emit(message("new"))
        assert (await flow.fetch()).payload == "new"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(flow.fetch(), 60)


@pytest.mark.parametrize("interrupted_by", ["cancel", "timeout"])
async def test_an_interruption_after_a_failed_task_group_spares_the_worker(interrupted_by: str) -> None:
    """C4: the group has left a cancellation behind that is not the one of the interruption."""

    async def fails() -> None:
        await asyncio.sleep(1)
        raise ValueError("child")

    async def groups_then_waits(msg: Message, ctx: Context) -> Message:
        if msg.payload == "bad":
            with suppress(ExceptionGroup):
                async with asyncio.TaskGroup() as group:
                    group.create_task(fails())
                    group.create_task(asyncio.sleep(5))
            await asyncio.sleep(60)
        return msg

    async with running(chain(untyped(groups_then_waits, "groups", timeout_s=20))) as flow:
        bad = message("bad")
        await flow.emit(bad)
        await asyncio.sleep(2)
        if interrupted_by == "cancel":
            await flow.cancel(bad.trace_id)
        await asyncio.sleep(30)
        await flow.emit(message("good"))

        assert (await asyncio.wait_for(flow.fetch(), 5)).payload == "good"


class BlockableLoop(VirtualTimeLoop):
    """A virtual loop in which a callback can take time."""

    def block(self, seconds: float) -> None:
        """Let time pass while nothing else can run."""
        self._travel.now += seconds


def _in_blockable_loop(main: Callable[[BlockableLoop], Coroutine[Any, Any, None]]) -> None:
    loop = BlockableLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(main(loop))


async def _run_a_node_that_blocks(loop: BlockableLoop, block_s: float) -> None:
    async def blocks(msg: Message, ctx: Context) -> Message:
        loop.block(block_s)
        return msg

    async with running(chain(untyped(blocks, "blocks", timeout_s=1.0))) as flow:
        await flow.emit(message())
        await flow.fetch()
        await asyncio.sleep(5)


@pytest.mark.parametrize(("block_s", "warnings"), [(5.0, 1), (1.3, 1), (1.2, 0), (0.5, 0)])
def test_a_node_that_blocks_the_loop_is_reported(
    caplog: pytest.LogCaptureFixture, block_s: float, warnings: int
) -> None:
    """C5: user node blocks the loop for 5 s; a lag of more than 250 ms is told."""
    with caplog.at_level(logging.WARNING, logger="penguiflow.core"):
        _in_blockable_loop(lambda loop: _run_a_node_that_blocks(loop, block_s))

    told = [record for record in caplog.records if record.getMessage() == "event_loop_lag"]
    assert [(record.levelname, record.name) for record in told] == [("WARNING", "penguiflow.core")] * warnings


Emit: TypeAlias = Callable[[], Coroutine[Any, Any, None]]
Spread: TypeAlias = Callable[[list[Emit]], Coroutine[Any, Any, None]]


def _floods(spread: Spread) -> Node:
    async def flood(msg: Message, ctx: Context) -> None:
        if msg.payload == "go":
            await spread([partial(ctx.emit, message(number), flooder) for number in range(5)])

    flooder = Node(flood, name="flooder", allow_cycle=True, policy=NodePolicy(validate="none"))
    return flooder


async def _one_by_one(emits: list[Emit]) -> None:
    for emit in emits:
        await emit()


async def _in_a_group(emits: list[Emit]) -> None:
    async def wait_a_moment(emit: Emit) -> None:
        await asyncio.sleep(0)
        await emit()

    async with asyncio.TaskGroup() as group:
        for emit in emits:
            group.create_task(wait_a_moment(emit))


@pytest.mark.parametrize("spread", [_one_by_one, _in_a_group], ids=["one by one", "in child tasks"])
async def test_a_node_that_floods_itself_is_told_which_queue_is_full(
    spread: Spread,
) -> None:
    """C8: a node emits more to itself than the queue holds."""
    flooder = _floods(spread)
    async with running(create(flooder.to(flooder), queue_maxsize=2, emit_errors_to_rookery=True)) as flow:
        asked_at = loop_clock()
        await flow.emit(message("go"))
        failure = await asyncio.wait_for(flow.fetch(), 5)

        assert loop_clock() - asked_at <= 1
        cause = failure.unwrap()
        if isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        assert isinstance(cause, DeadlockError)
        assert "`flooder`" in str(cause)
        assert "`flooder->flooder`" in str(cause)


@pytest.mark.parametrize(("deadline_s", "attempts"), [(1.0, 1), (2.0, 2), (4.0, 3), (100.0, 6)])
async def test_no_attempt_starts_after_the_deadline_and_the_caller_is_told_once(
    deadline_s: float, attempts: int
) -> None:
    """C9: the deadline passes during retries (attempts are due at 0, 1.5, 3, 4.5, 6 and 7.5 s)."""
    started_at: list[float] = []

    async def fails(msg: Message, ctx: Context) -> Message:
        started_at.append(loop_clock())
        await asyncio.sleep(0.5)
        raise ValueError("again")

    recorder = Recorder()
    node = untyped(fails, "fails", max_retries=5, backoff_base=1.0, backoff_mult=1.0)
    flow = chain(node, clock=loop_clock, middlewares=[recorder], emit_errors_to_rookery=True)
    async with running(flow):
        await flow.emit(message(deadline_s=deadline_s))
        answer = await flow.fetch()

        assert len(started_at) == attempts
        assert all(start <= deadline_s for start in started_at)
        late = deadline_s < 100
        assert isinstance(answer, Message) == late
        if late:
            assert answer.payload == FinalAnswer(text="Deadline exceeded")
        assert len(recorder.of("deadline_skip")) == int(late)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(flow.fetch(), 60)
