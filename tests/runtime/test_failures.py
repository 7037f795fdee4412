"""Failing nodes: retries, timeouts, back-off and what the caller learns."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from penguiflow import Context, FinalAnswer, FlowError, Message, Node, NodePolicy, create
from penguiflow.core import DeadlockError, TraceCancelled
from tests.fakes.flows import (
    Gate,
    Recorder,
    chain,
    loop_clock,
    message,
    passes_on,
    running,
    settled,
    untyped,
)


class Failing:
    """A node function that fails a number of times, then returns the message."""

    def __init__(self, times: int, failure: BaseException | None = None) -> None:
        self.left = times
        self.failure = failure or ValueError("bad")
        self.started_at: list[float] = []

    async def work(self, msg: Any, ctx: Any) -> Any:
        self.started_at.append(round(asyncio.get_running_loop().time(), 6))
        if self.left:
            self.left -= 1
            raise self.failure
        return msg


async def test_a_failed_attempt_is_repeated_after_a_growing_delay() -> None:
    failing, recorder = Failing(3), Recorder()
    node = untyped(failing.work, "n", max_retries=3, backoff_base=0.5, backoff_mult=2)
    async with running(chain(node, middlewares=[recorder])) as flow:
        started = loop_clock()
        await flow.emit(message("x"))

        assert (await flow.fetch()).payload == "x"
        assert failing.started_at == [round(started + t, 6) for t in (0, 0.5, 1.5, 3.5)]
        assert [e.extra["sleep_s"] for e in recorder.of("node_retry")] == [0.5, 1.0, 2.0]


async def test_the_events_of_one_retry_come_in_order() -> None:
    recorder = Recorder()
    node = untyped(Failing(1).work, "n", max_retries=1)
    async with running(chain(node, middlewares=[recorder])) as flow:
        await flow.emit(message())
        await flow.fetch()
        await settled()

        assert [(e.event_type, e.attempt) for e in recorder.events] == [
            ("node_start", 0),
            ("node_error", 0),
            ("node_retry", 1),
            ("node_start", 1),
            ("node_success", 1),
        ]


async def test_the_final_failure_goes_to_the_caller_who_asked_for_it() -> None:
    failure, recorder = ValueError("bad"), Recorder()
    failing = Failing(9, failure)
    node = untyped(failing.work, "n", max_retries=2, backoff_base=0)
    flow = chain(node, untyped(passes_on, "after"), emit_errors_to_rookery=True, middlewares=[recorder])
    async with running(flow):
        sent = message()
        await flow.emit(sent)

        error = await flow.fetch()
        assert isinstance(error, FlowError)
        assert error.unwrap() is failure
        assert (error.code, error.trace_id, error.node_name) == ("NODE_EXCEPTION", sent.trace_id, "n")
        assert len(failing.started_at) == 3
        assert recorder.kinds()[-2:] == ["node_error", "node_failed"]
        assert recorder.of("node_failed")[0].error_payload == error.to_payload()


@pytest.mark.parametrize("wanted", [True, False])
async def test_a_failed_item_is_finished_and_the_next_one_goes_on(wanted: bool) -> None:
    flow = chain(untyped(Failing(1).work, "n"), emit_errors_to_rookery=wanted)
    async with running(flow):
        await flow.emit(message("fails"))
        await flow.emit(message("works"))
        if wanted:
            assert isinstance(await flow.fetch(), FlowError)

        assert (await flow.fetch()).payload == "works"
        await settled()
        assert len(flow.services.traces) == 0


async def test_the_error_of_a_bare_value_has_nobody_to_go_to() -> None:
    recorder = Recorder()
    flow = chain(untyped(Failing(1).work, "n"), emit_errors_to_rookery=True, middlewares=[recorder])
    async with running(flow):
        await flow.emit("bare fails")
        await flow.emit("bare works")

        assert await flow.fetch() == "bare works"
        assert len(recorder.of("node_failed")) == 1


async def test_an_attempt_that_takes_too_long_is_cancelled_and_repeated() -> None:
    gate, recorder = Gate(), Recorder()

    async def slow_once(msg: Any, ctx: Any) -> Any:
        return await gate.wait(msg, ctx) if not gate.inside else msg

    node = untyped(slow_once, "n", timeout_s=2.0, max_retries=1, backoff_base=0)
    async with running(chain(node, middlewares=[recorder])) as flow:
        started = loop_clock()
        await flow.emit(message("x"))

        assert (await flow.fetch()).payload == "x"
        assert loop_clock() - started == pytest.approx(2.0)
        assert len(gate.cancelled) == 1
        assert recorder.kinds()[:3] == ["node_start", "node_timeout", "node_retry"]


async def test_a_timeout_names_its_node_and_limit() -> None:
    node = untyped(Gate().wait, "slow", timeout_s=0.25)
    async with running(chain(node, emit_errors_to_rookery=True)) as flow:
        await flow.emit(message())

        error = await flow.fetch()
        assert (error.code, error.message) == ("NODE_TIMEOUT", "Node 'slow' timed out after 0.25s")


async def test_each_node_keeps_its_own_timeout() -> None:
    gates = [Gate() for _ in range(3)]
    ended: list[tuple[str, float]] = []

    async def note(event: Any) -> None:
        if event.event_type == "node_timeout":
            ended.append((event.node_name, round(loop_clock() - started, 6)))

    limits = {"long": 9.0, "short": 1.0, "middle": 3.0}
    nodes = [
        untyped(gate.wait, name, timeout_s=limits[name]) for gate, name in zip(gates, limits, strict=True)
    ]
    flow = _separate(nodes, middlewares=[note])
    async with running(flow):
        started = loop_clock()
        await flow.emit(message())
        await asyncio.sleep(10)

        assert ended == [("short", 1.0), ("middle", 3.0), ("long", 9.0)]


def _separate(nodes: Any, **options: Any) -> Any:
    return create(*(node.to() for node in nodes), **options)


async def test_a_node_within_its_timeout_is_left_alone() -> None:
    async def naps(msg: float, ctx: Any) -> float:
        await asyncio.sleep(msg)
        return msg

    async with running(chain(untyped(naps, "n", timeout_s=1.0))) as flow:
        for length in (0.9, 0.5, 0.95):
            await flow.emit(length)

        assert [await flow.fetch() for _ in range(3)] == [0.9, 0.5, 0.95]


async def test_a_result_that_swallowed_the_timeout_is_void() -> None:
    async def swallows(msg: Any, ctx: Any) -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "too late"
        return "never"

    flow = chain(untyped(swallows, "n", timeout_s=1.0), emit_errors_to_rookery=True)
    async with running(flow):
        await flow.emit(message())

        assert (await flow.fetch()).code == "NODE_TIMEOUT"


async def test_a_failure_during_the_timeouts_cleanup_is_still_a_timeout() -> None:
    async def fails_late(msg: Any, ctx: Any) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ValueError("cleanup")

    node = untyped(fails_late, "n", timeout_s=1.0)
    async with running(chain(node, emit_errors_to_rookery=True)) as flow:
        for _ in range(2):
            await flow.emit(message())
            assert (await flow.fetch()).code == "NODE_TIMEOUT"


async def test_waiting_for_room_behind_the_node_does_not_count_against_its_timeout() -> None:
    gate = Gate()
    first = untyped(passes_on, "first", timeout_s=1.0)
    flow = chain(first, untyped(gate.wait, "gate"), queue_maxsize=1, emit_errors_to_rookery=True)
    async with running(flow):
        for number in range(4):
            await flow.emit(message(number))
        await asyncio.sleep(5)
        gate.opened.set()

        assert [(await flow.fetch()).payload for _ in range(4)] == [0, 1, 2, 3]


async def test_a_cancelled_error_of_the_nodes_own_making_is_a_failure_like_any_other() -> None:
    failing = Failing(2, asyncio.CancelledError("inner task"))
    flow = chain(untyped(failing.work, "n"), emit_errors_to_rookery=True)
    async with running(flow):
        await flow.emit("bare fails")
        await flow.emit(message("fails"))
        await flow.emit(message("works"))

        error = await flow.fetch()
        assert (error.exception_type, error.unwrap()) == ("CancelledError", failing.failure)
        assert (await flow.fetch()).payload == "works"


async def test_a_cancelled_error_is_repeated_like_any_other_failure() -> None:
    node = untyped(Failing(1, asyncio.CancelledError()).work, "n", max_retries=1, backoff_base=0)
    async with running(chain(node)) as flow:
        await flow.emit(message("x"))

        assert (await flow.fetch()).payload == "x"


async def test_a_node_may_end_its_trace_itself() -> None:
    recorder = Recorder()
    failing = Failing(1, TraceCancelled("t"))
    node = untyped(failing.work, "n", max_retries=5)
    async with running(chain(node, middlewares=[recorder])) as flow:
        await flow.emit(message())
        await flow.emit(message("next"))

        assert (await flow.fetch()).payload == "next"
        assert recorder.kinds()[:2] == ["node_start", "node_trace_cancelled"]
        assert len(failing.started_at) == 2


async def test_a_routing_mistake_is_a_failure_of_the_node() -> None:
    stranger = untyped(passes_on, "stranger")

    async def lost(msg: Any, ctx: Context) -> None:
        await ctx.emit(msg, to=stranger)

    async with running(chain(untyped(lost, "lost"), emit_errors_to_rookery=True)) as flow:
        await flow.emit(message())

        assert "Unknown target stranger for lost" in (await flow.fetch()).message


async def test_what_a_failed_attempt_emitted_stays_visible() -> None:
    attempts = 0

    async def emits_then_fails(msg: Message, ctx: Context) -> None:
        nonlocal attempts
        attempts += 1
        await ctx.emit(msg.model_copy(update={"payload": attempts}))
        raise ValueError

    node = untyped(emits_then_fails, "n", max_retries=1, backoff_base=0)
    async with running(chain(node)) as flow:
        await flow.emit(message())

        assert [(await flow.fetch()).payload for _ in range(2)] == [1, 2]


async def test_no_attempt_starts_after_the_deadline() -> None:
    failing, recorder = Failing(99), Recorder()
    node = untyped(failing.work, "n", max_retries=20, backoff_base=1.0, backoff_mult=1.0)
    flow = chain(node, untyped(passes_on, "after"), clock=loop_clock, middlewares=[recorder])
    async with running(flow):
        started = loop_clock()
        await flow.emit(message(deadline_s=started + 2.5))

        out = await flow.fetch()
        assert out.payload == FinalAnswer(text="Deadline exceeded")
        assert failing.started_at == [round(started + t, 6) for t in (0, 1, 2)]
        assert loop_clock() - started == pytest.approx(2.5)
        assert len(recorder.of("deadline_skip")) == 1
        await settled()
        assert len(flow.services.traces) == 0


async def test_a_late_message_is_answered_without_running_the_node() -> None:
    recorder = Recorder()
    failing = Failing(0)
    flow = chain(
        untyped(failing.work, "n"), untyped(passes_on, "b"), clock=loop_clock, middlewares=[recorder]
    )
    async with running(flow):
        await asyncio.sleep(10)
        late = message("work", deadline_s=5.0, meta={"k": 1})
        await flow.emit(late)

        out = await flow.fetch()
        assert (out.text, out.trace_id, out.meta) == ("Deadline exceeded", late.trace_id, {"k": 1})
        assert failing.started_at == []
        assert [(e.event_type, e.extra["deadline_s"]) for e in recorder.events] == [("deadline_skip", 5.0)]


async def test_a_deadline_that_passes_while_the_node_works_does_not_void_its_result() -> None:
    async def naps(msg: Message, ctx: Any) -> Message:
        await asyncio.sleep(10)
        return msg

    async with running(chain(untyped(naps, "n"), clock=loop_clock)) as flow:
        await flow.emit(message("done", deadline_s=loop_clock() + 1))

        assert (await flow.fetch()).payload == "done"


async def test_a_node_that_fills_its_own_queue_is_told_instead_of_hanging() -> None:
    async def floods(msg: Any, ctx: Context) -> None:
        for number in range(3):
            await ctx.emit(number, to=ctx.owner)

    node = Node(floods, name="n", policy=NodePolicy(validate="none"), allow_cycle=True)
    recorder = Recorder()
    flow = create(node.to(node), queue_maxsize=2, middlewares=[recorder])
    async with running(flow):
        await flow.emit("go")
        await settled()

        failure = recorder.of("node_failed")[0]
        assert failure.error_payload is not None
        assert failure.error_payload["exception_type"] == DeadlockError.__name__
        assert "`n->n` (2 places)" in failure.error_payload["message"]
