"""Sections 9 to 11: attempts, their errors, and controllers that go round."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from pydantic import BaseModel

from penguiflow import (
    WM,
    FinalAnswer,
    FlowError,
    Message,
    ModelRegistry,
    Node,
    NodePolicy,
    PenguiFlow,
    create,
)
from tests.fakes.flows import Recorder, chain, loop_clock, message, passes_on, running, untyped


@asynccontextmanager
async def looping(func: Any, **options: Any) -> AsyncIterator[PenguiFlow]:
    controller = untyped(func, "controller")
    controller.allow_cycle = True
    async with running(create(controller.to(controller), clock=loop_clock, **options)) as flow:
        yield flow


@pytest.mark.parametrize(
    ("raised", "timeout_s", "code", "text"),
    [
        (TimeoutError("mine"), None, "NODE_TIMEOUT", "mine"),
        (TimeoutError(), None, "NODE_TIMEOUT", "TimeoutError"),
        (TimeoutError("mine"), 5.0, "NODE_TIMEOUT", "Node 'n' timed out after 5.00s"),
        (KeyError("k"), 5.0, "NODE_EXCEPTION", "Node 'n' raised KeyError: 'k'"),
        (asyncio.CancelledError(), None, "NODE_EXCEPTION", "Node 'n' raised CancelledError: CancelledError"),
    ],
)
async def test_the_error_holds_the_very_exception_and_says_what_happened(
    raised: BaseException, timeout_s: float | None, code: str, text: str
) -> None:
    async def fails(msg: Any, ctx: Any) -> None:
        raise raised

    node = untyped(fails, "n", timeout_s=timeout_s, max_retries=2, backoff_base=0.0)
    async with running(create(node.to(), emit_errors_to_rookery=True)) as flow:
        await flow.emit(sent := message())
        error = await flow.fetch()

    assert isinstance(error, FlowError)
    assert (error.code, error.message, error.unwrap()) == (code, text, raised)
    assert (error.trace_id, error.node_name, error.node_id) == (sent.trace_id, "n", node.node_id)
    assert error.metadata["attempt"] == 2
    assert set(error.metadata) - {"attempt", "latency_ms"} <= {"timeout_s", "exception_repr"}


@pytest.mark.parametrize("timeout_s", [0.0, -1.0, 0.5])
async def test_a_limit_that_has_passed_interrupts_the_node(timeout_s: float) -> None:
    async def sleeps(msg: Any, ctx: Any) -> None:
        await asyncio.sleep(10)

    node = untyped(sleeps, "n", timeout_s=timeout_s)
    async with running(create(node.to(), emit_errors_to_rookery=True)) as flow:
        await flow.emit(message())

        assert (await flow.fetch()).message == f"Node 'n' timed out after {timeout_s:.2f}s"


async def test_delays_grow_up_to_their_cap_and_each_attempt_gets_the_same_message() -> None:
    seen, recorder = list[Any](), Recorder()

    async def fails(msg: Any, ctx: Any) -> None:
        seen.append(msg)
        raise ValueError("no")

    policy = {"max_retries": 4, "backoff_base": 1.0, "backoff_mult": 3.0, "max_backoff": 10.0}
    flow = create(untyped(fails, "n", **policy).to(), middlewares=[recorder], emit_errors_to_rookery=True)
    async with running(flow):
        await flow.emit(sent := message())
        await flow.fetch()

    retries = recorder.of("node_retry")
    assert [(event.attempt, event.extra["sleep_s"]) for event in retries] == [(1, 1), (2, 3), (3, 9), (4, 10)]
    assert [event.latency_ms for event in retries] == [None] * 4
    assert len(seen) == 5
    assert all(item is sent for item in seen)


async def test_models_that_do_not_fit_are_failures_on_either_side() -> None:
    class Number(BaseModel):
        value: int

    calls = list[object]()

    async def answers_badly(msg: Number, ctx: Any) -> dict[str, str]:
        calls.append(msg)
        return {"value": "no number"}

    registry = ModelRegistry()
    registry.register("n", Number, Number)
    node = Node(answers_badly, "n", NodePolicy(max_retries=1, backoff_base=0.0))
    async with running(create(node.to(), emit_errors_to_rookery=True), registry) as flow:
        await flow.emit(message({"value": 1}))
        bad_answer = await flow.fetch()
        await flow.emit(message({"value": "x"}))
        bad_question = await flow.fetch()

    assert calls == [Number(value=1)] * 2
    assert {bad_answer.exception_type, bad_question.exception_type} == {"ValidationError"}


@pytest.mark.parametrize("queue_maxsize", [1, 2, 64])
@pytest.mark.parametrize("pause_s", [0.0, 3.0])
async def test_iterations_may_be_emitted_again_however_far_the_loop_has_run(
    queue_maxsize: int, pause_s: float
) -> None:
    async def thinks(msg: Any, ctx: Any) -> Any:
        await asyncio.sleep(1)
        return msg

    hops = list[int]()
    async with looping(thinks, queue_maxsize=queue_maxsize) as flow:
        await flow.emit(message(WM(query="q", budget_hops=None)))
        for _ in range(20):
            iteration = await flow.fetch()
            hops.append(iteration.payload.hops)
            await asyncio.sleep(pause_s)
            await flow.emit(iteration)
            flow.emit_nowait(iteration)

    assert hops == list(range(1, 21))


async def test_what_a_caller_does_to_a_shown_iteration_does_not_reach_the_loop() -> None:
    async def collects(msg: Any, ctx: Any) -> Any:
        msg.payload.facts.append(msg.payload.hops)
        return msg

    async with looping(collects) as flow:
        await flow.emit(message(WM(query="q", budget_hops=None)))
        first = await flow.fetch()
        first.payload.facts.append("of the caller")
        second = await flow.fetch()

    assert second.payload.facts == [0, 1]


@pytest.mark.parametrize(
    ("memory", "deadline_s", "answer"),
    [
        (WM(query="q", budget_tokens=3, tokens_used=3), None, "Token budget exhausted"),
        (WM(query="q", budget_tokens=3, tokens_used=3), 0.5, "Deadline exceeded"),
        (WM(query="q"), 0.5, "Deadline exceeded"),
    ],
)
async def test_spent_time_and_tokens_are_seen_in_a_node_that_does_not_loop(
    memory: WM, deadline_s: float | None, answer: str
) -> None:
    async def works(msg: Any, ctx: Any) -> Any:
        await asyncio.sleep(1)
        return msg

    async with running(chain(untyped(works, "a"), untyped(passes_on, "b"), clock=loop_clock)) as flow:
        until = None if deadline_s is None else loop_clock() + deadline_s
        await flow.emit(message(memory, deadline_s=until))

        assert (await flow.fetch()).payload == FinalAnswer(text=answer)


async def test_memory_with_time_and_tokens_left_passes_through_nodes_that_do_not_loop() -> None:
    memory = WM(query="q", budget_tokens=3, tokens_used=2)

    async with running(chain(untyped(passes_on, "a"), untyped(passes_on, "b"), clock=loop_clock)) as flow:
        await flow.emit(message(memory, deadline_s=loop_clock() + 5))

        assert (await flow.fetch()).payload == memory


async def test_a_controller_that_counts_by_itself_is_believed() -> None:
    calls = list[int]()

    async def counts(msg: Any, ctx: Any) -> Any:
        calls.append(msg.payload.hops)
        ahead = msg.payload.model_copy(update={"hops": msg.payload.hops + 2})
        return msg.model_copy(update={"payload": ahead})

    async with looping(counts) as flow:
        await flow.emit(message(WM(query="q", budget_hops=5)))

        assert (await flow.fetch()).payload == FinalAnswer(text="Hop budget exhausted")
    assert calls == [0, 2, 4]


async def test_a_controller_sends_work_to_others_only_by_emitting_it() -> None:
    async def delegates(msg: Any, ctx: Any) -> Any:
        if msg.payload.hops == 2:
            return msg.model_copy(update={"payload": FinalAnswer(text="done")})
        await ctx.emit(msg.model_copy(update={"payload": f"task {msg.payload.hops}"}), to=worker)
        return msg

    controller, worker = untyped(delegates, "controller"), untyped(passes_on, "worker")
    controller.allow_cycle = True
    async with running(create(controller.to(controller, worker))) as flow:
        await flow.emit(message(WM(query="q")))

        assert [await flow.fetch(from_=worker) for _ in range(2)][1].payload == "task 1"
        assert (await flow.fetch()).payload == FinalAnswer(text="done")


async def test_bare_memory_goes_to_every_successor_like_any_value() -> None:
    visits = list[int]()

    async def visits_twice(memory: Any, ctx: Any) -> Any:
        visits.append(memory.hops)
        return memory if len(visits) < 3 else None

    async with looping(visits_twice) as flow:
        await flow.emit(WM(query="q", budget_hops=1))

        assert [await flow.fetch(), await flow.fetch()] == [WM(query="q", budget_hops=1)] * 2
    assert visits == [0, 0, 0]


@pytest.mark.parametrize("validate", ["in", "none"])
async def test_an_envelope_node_that_returns_a_bare_value_warns_and_delivers(validate: Any) -> None:
    async def forgets_the_envelope(msg: Message, ctx: Any) -> str:
        return "bare"

    registry = ModelRegistry()
    registry.register("n", Message, Message)
    node = Node(forgets_the_envelope, "n", NodePolicy(validate=validate))
    async with running(create(node.to()), registry) as flow:
        await flow.emit(message())
        with pytest.warns(RuntimeWarning, match="`n`.*Message -> Message"):
            assert await flow.fetch() == "bare"
