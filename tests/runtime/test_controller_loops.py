"""Controllers that loop to themselves: iterations, budgets and the one answer at the end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from penguiflow import WM, Context, FinalAnswer, Message, Node, NodePolicy, PenguiFlow, create
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


class Controller:
    """Goes round until it has an answer; `answer_at` None means never."""

    def __init__(self, answer_at: int | None = None) -> None:
        self.answer_at = answer_at
        self.seen_hops: list[int] = []

    async def work(self, msg: Message, ctx: Any) -> Message:
        self.seen_hops.append(msg.payload.hops)
        if msg.payload.hops == self.answer_at:
            return msg.model_copy(update={"payload": FinalAnswer(text="42")})
        return msg


def looping(func: Any, name: str = "controller", **policy: Any) -> Node:
    return Node(func, name=name, policy=NodePolicy(validate="none", **policy), allow_cycle=True)


def controller_flow(controller: Controller, **options: Any) -> PenguiFlow:
    node = looping(controller.work)
    return create(node.to(node), **options)


async def test_a_controller_goes_round_until_it_answers() -> None:
    controller = Controller(answer_at=3)
    async with running(controller_flow(controller)) as flow:
        await flow.emit(message(WM(query="q")))

        assert (await flow.fetch()).payload == FinalAnswer(text="42")
        assert controller.seen_hops == [0, 1, 2, 3]


@pytest.mark.parametrize("budget", [1, 2, 5])
async def test_a_budget_of_n_hops_allows_n_executions_and_answers_once(budget: int) -> None:
    controller, recorder = Controller(), Recorder()
    async with running(controller_flow(controller, queue_maxsize=4, middlewares=[recorder])) as flow:
        await flow.emit(message(WM(query="q", budget_hops=budget)))

        assert (await flow.fetch()).text == "Hop budget exhausted"
        await settled()
        assert controller.seen_hops == list(range(budget))
        assert flow.services.traces.find("any") is None
        assert len(flow.services.traces) == 0
        assert len(recorder.of("node_success")) == budget


async def test_an_answer_ends_its_message_once_and_the_next_one_is_served() -> None:
    controller = Controller(answer_at=0)
    async with running(controller_flow(controller, queue_maxsize=1)) as flow:
        for _ in range(3):
            await flow.emit(message(WM(query="q")))
            assert (await flow.fetch()).text == "42"
        await settled()

        assert controller.seen_hops == [0, 0, 0]


async def test_a_token_budget_ends_the_loop() -> None:
    async def spends(msg: Message, ctx: Any) -> Message:
        memory = msg.payload.model_copy(update={"tokens_used": msg.payload.tokens_used + 40})
        return msg.model_copy(update={"payload": memory})

    node = looping(spends)
    async with running(create(node.to(node))) as flow:
        await flow.emit(message(WM(query="q", budget_hops=None, budget_tokens=100)))

        assert (await flow.fetch()).text == "Token budget exhausted"


async def test_a_deadline_ends_the_loop() -> None:
    async def naps(msg: Message, ctx: Any) -> Message:
        await asyncio.sleep(1)
        return msg

    node = looping(naps)
    async with running(create(node.to(node), clock=loop_clock)) as flow:
        await flow.emit(message(WM(query="q"), deadline_s=loop_clock() + 2.5))

        assert (await flow.fetch()).text == "Deadline exceeded"


async def test_a_loop_without_budgets_shows_every_iteration() -> None:
    controller = Controller(answer_at=3)
    async with running(controller_flow(controller)) as flow:
        await flow.emit(message(WM(query="q", budget_hops=None)))

        shown = [await flow.fetch() for _ in range(3)]
        assert [out.payload.hops for out in shown] == [1, 2, 3]
        assert (await flow.fetch()).text == "42"


async def test_emitting_a_shown_iteration_again_does_not_double_the_loop() -> None:
    controller = Controller(answer_at=4)
    async with running(controller_flow(controller, queue_maxsize=1)) as flow:
        await flow.emit(message(WM(query="q", budget_hops=None)))
        while isinstance((out := await flow.fetch()).payload, WM):
            await flow.emit(out)
        await settled()

        assert out.text == "42"
        assert controller.seen_hops == [0, 1, 2, 3, 4]


async def test_what_is_shown_is_a_copy() -> None:
    async def collects(msg: Message, ctx: Any) -> Message:
        msg.payload.facts.append(msg.payload.hops)
        if msg.payload.hops == 2:
            return msg.model_copy(update={"payload": FinalAnswer(text="done")})
        return msg

    node = looping(collects)
    async with running(create(node.to(node), queue_maxsize=0)) as flow:
        await flow.emit(message(WM(query="q", budget_hops=None)))
        await settled()

        assert (await flow.fetch()).payload.facts == [0]


async def test_working_memory_passes_through_nodes_that_do_not_loop() -> None:
    async with running(chain(untyped(passes_on, "a"), untyped(passes_on, "b"))) as flow:
        await flow.emit(message(WM(query="q", budget_hops=1)))

        assert (await flow.fetch()).payload == WM(query="q", budget_hops=1)


async def test_an_answer_in_the_middle_of_the_graph_leaves_by_its_own_way_out() -> None:
    async def answers(msg: Message, ctx: Any) -> Message:
        return msg.model_copy(update={"payload": FinalAnswer(text="early")})

    middle, end = untyped(answers, "middle"), untyped(passes_on, "end")
    async with running(create(middle.to(end), end.to())) as flow:
        await flow.emit(message())

        assert (await flow.fetch(from_=middle)).text == "early"


async def test_bare_answers_and_memories_are_ordinary_values() -> None:
    seen: list[object] = []

    async def note(msg: Any, ctx: Any) -> Any:
        seen.append(msg)
        return msg

    async def answers(msg: str, ctx: Any) -> FinalAnswer:
        return FinalAnswer(text=msg)

    async with running(chain(untyped(answers, "a"), untyped(note, "b"))) as flow:
        await flow.emit("bare")

        assert await flow.fetch() == FinalAnswer(text="bare")
        assert seen == [FinalAnswer(text="bare")]


async def test_more_traces_than_places_can_loop_at_once() -> None:
    controller = Controller(answer_at=5)
    async with running(controller_flow(controller, queue_maxsize=2)) as flow:

        async def ask(number: int) -> None:
            await flow.emit(message(WM(query=str(number))))

        asking = [asyncio.create_task(ask(n)) for n in range(20)]

        answers = [await flow.fetch() for _ in range(20)]
        assert {a.text for a in answers} == {"42"}
        await asyncio.gather(*asking)


async def test_a_node_may_return_to_itself_through_a_full_queue() -> None:
    async def counts_down(msg: int, ctx: Context) -> int | None:
        return msg - 1 if msg else None

    node = looping(counts_down)
    async with running(create(node.to(node), queue_maxsize=1)) as flow:
        await flow.emit(3)

        assert [await flow.fetch() for _ in range(3)] == [2, 1, 0]


async def test_an_answer_waits_for_room_like_any_result() -> None:
    gate = Gate()
    controller = Controller(answer_at=0)
    async with running(controller_flow(controller, queue_maxsize=1)) as flow:
        for _ in range(4):
            await flow.emit(message(WM(query="q")))
            await settled()
            if len(flow.services.traces) == 3:
                break

        assert len(controller.seen_hops) == 2
        assert gate.inside == []
        assert [(await flow.fetch()).text for _ in range(3)] == ["42"] * 3
