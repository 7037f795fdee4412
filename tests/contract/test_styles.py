"""Programs as people write them: helpers around nodes, fixtures, gathers, timeouts around everything."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from penguiflow import FinalAnswer, Headers, Message, ModelRegistry, Node, NodePolicy, PenguiFlow, create
from tests.fakes.flows import chain, loop_clock, message, passes_on, running, untyped

FREE = NodePolicy(validate="none")


class Service:
    """Nodes as methods that share state."""

    def __init__(self, suffix: str) -> None:
        self._suffix = suffix

    async def handle(self, msg: str, ctx: Any) -> str:
        return msg + self._suffix

    @staticmethod
    async def static(msg: str, ctx: Any) -> str:
        return msg + "s"

    @classmethod
    async def of_class(cls, msg: str, ctx: Any) -> str:
        return msg + cls.__name__[0]

    def as_node(self, name: str) -> Node:
        return Node(self.handle, name=name, policy=FREE)


def traced(func: Callable[..., Awaitable[Any]]) -> Callable[..., Any]:
    @functools.wraps(func)
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        return await func(*args, **kwargs)

    return wrapper


@traced
async def decorated(msg: str, ctx: Any) -> str:
    return msg + "d"


async def with_setting(setting: str, msg: str, ctx: Any) -> str:
    return msg + setting


def closing_over(setting: str) -> Node:
    async def closure(msg: str, ctx: Any) -> str:
        return msg + setting

    return Node(closure, policy=FREE)


async def test_whatever_is_a_coroutine_function_of_two_can_be_a_node() -> None:
    nodes = [
        Node(Service("1").handle, policy=FREE),
        Service("2").as_node("second"),
        Node(Service.static, policy=FREE),
        Node(Service.of_class, policy=FREE),
        Node(decorated, policy=FREE),
        Node(functools.partial(with_setting, "p"), name="partial", policy=FREE),
        closing_over("c"),
    ]

    assert [node.name for node in nodes] == [
        "handle",
        "second",
        "static",
        "of_class",
        "decorated",
        "partial",
        "closure",
    ]
    async with running(chain(*nodes)) as flow:
        await flow.emit("")
        assert await flow.fetch() == "12sSdpc"


@pytest.fixture
async def doubling_flow() -> AsyncIterator[PenguiFlow]:
    async def double(msg: Message, ctx: Any) -> Message:
        await asyncio.sleep(msg.payload % 3)
        return msg.model_copy(update={"payload": msg.payload * 2})

    flow = create(untyped(double, "double", max_concurrency=8).to())
    flow.run()
    yield flow
    await flow.stop()


async def test_a_flow_of_a_fixture_serves_many_round_trips_at_once(doubling_flow: PenguiFlow) -> None:
    async def round_trip(number: int) -> int:
        trace_id = f"caller {number % 7}"
        await asyncio.wait_for(doubling_flow.emit(message(number), trace_id=trace_id), 500)
        return (await asyncio.wait_for(doubling_flow.fetch(trace_id=trace_id), 500)).payload

    assert await asyncio.gather(*(round_trip(number) for number in range(60))) == [
        number * 2 for number in range(60)
    ]


async def test_a_task_group_can_feed_and_empty_a_flow(doubling_flow: PenguiFlow) -> None:
    fetched = list[int]()

    async def feed() -> None:
        for number in range(150):
            await doubling_flow.emit(message(number))

    async def drain() -> None:
        for _ in range(150):
            fetched.append((await doubling_flow.fetch()).payload)

    async with asyncio.TaskGroup() as group:
        group.create_task(feed())
        group.create_task(drain())
    assert sorted(fetched) == [number * 2 for number in range(150)]


def test_timeouts_around_everything_lose_nothing_under_a_real_clock() -> None:
    async def program() -> list[int]:
        fetched = list[int]()
        flow = create(untyped(passes_on, "n").to(), queue_maxsize=1)
        flow.run()
        for number in range(50):
            await asyncio.wait_for(flow.emit(number), 5)
            try:
                fetched.append(await asyncio.wait_for(flow.fetch(), 0.00001))
            except TimeoutError:
                fetched.append(await asyncio.wait_for(flow.fetch(), 5))
        await asyncio.wait_for(flow.stop(), 5)
        return fetched

    assert asyncio.run(program()) == list(range(50))


async def test_flows_in_one_loop_do_not_know_each_other_even_with_the_same_nodes() -> None:
    shared = untyped(passes_on, "shared")
    flows = [create(shared.to(untyped(passes_on, f"own {number}"))) for number in range(20)]
    for flow in flows:
        flow.run()

    await asyncio.gather(*(flow.emit(number) for number, flow in enumerate(flows)))
    assert await asyncio.gather(*(flow.fetch() for flow in flows)) == list(range(20))
    await asyncio.gather(*(flow.stop() for flow in flows))


@pytest.mark.parametrize("timeout_s", [None, 50.0])
async def test_a_node_may_use_every_way_to_wait(timeout_s: float | None) -> None:
    async def waits(msg: Any, ctx: Any) -> list[Any]:
        async with asyncio.TaskGroup() as group:
            grouped = group.create_task(asyncio.sleep(1, "group"))
        try:
            async with asyncio.timeout(1):
                await asyncio.sleep(10)
        except TimeoutError:
            timed_out = "timeout"
        return [
            grouped.result(),
            timed_out,
            await asyncio.wait_for(asyncio.sleep(1, "wait_for"), 5),
            *await asyncio.gather(asyncio.sleep(1, "gather")),
            await asyncio.shield(asyncio.sleep(1, "shield")),
        ]

    async with running(create(untyped(waits, "n", timeout_s=timeout_s).to())) as flow:
        await flow.emit(message())
        assert await flow.fetch() == ["group", "timeout", "wait_for", "gather", "shield"]


def test_a_node_may_work_in_a_thread() -> None:
    async def computes(msg: int, ctx: Any) -> int:
        return await asyncio.to_thread(pow, msg, 2)

    async def program() -> Any:
        async with running(create(untyped(computes, "n", timeout_s=5).to())) as flow:
            await flow.emit(7)
            return await flow.fetch()

    assert asyncio.run(program()) == 49


async def test_groups_of_failures_are_the_failure_of_their_node() -> None:
    async def fails() -> None:
        await asyncio.sleep(1)  # an eager child that fails at once closes the group to the next one
        raise ValueError("in the group")

    async def works_in_a_group(msg: Any, ctx: Any) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.sleep(100))
            group.create_task(fails())

    node = untyped(works_in_a_group, "n", timeout_s=50)
    async with running(create(node.to(), emit_errors_to_rookery=True)) as flow:
        await flow.emit(message())
        failure = (await flow.fetch()).unwrap()

    assert isinstance(failure, ExceptionGroup)
    assert [str(problem) for problem in failure.exceptions] == ["in the group"]


class OwnHeaders(Headers):
    region: str = "eu"


class OwnMessage(Message):
    attempt: int = 3


async def test_messages_and_headers_of_the_users_own_keep_their_type_everywhere() -> None:
    registry = ModelRegistry()
    registry.register("first", OwnMessage, OwnMessage)

    async def first(msg: OwnMessage, ctx: Any) -> OwnMessage:
        return msg.model_copy(update={"payload": "seen"})

    entry = Node(first)
    left, right = untyped(passes_on, "left"), untyped(passes_on, "right")
    sent = OwnMessage(payload=1, headers=OwnHeaders(tenant="t"), attempt=4)
    async with running(create(entry.to(left, right), clock=loop_clock), registry) as flow:
        await flow.emit(sent)
        results = [await flow.fetch(from_=left), await flow.fetch(from_=right)]
        await flow.emit(sent.model_copy(update={"deadline_s": loop_clock() - 1}), trace_id="late")
        late = await flow.fetch(trace_id="late")

    assert {type(result) for result in (*results, late)} == {OwnMessage}
    assert {result.attempt for result in (*results, late)} == {4}
    assert all(result.headers is sent.headers for result in results)
    assert late.payload == FinalAnswer(text="Deadline exceeded")
    assert late.trace_id == "late"


async def test_nodes_may_share_a_name_and_its_registry_entry() -> None:
    registry = ModelRegistry()
    registry.register("step", Headers, Headers)

    async def step(msg: Headers, ctx: Any) -> Headers:
        return msg.model_copy(update={"priority": msg.priority + 1})

    async with running(create(Node(step).to(Node(step))), registry) as flow:
        await flow.emit({"tenant": "t"})
        assert await flow.fetch() == Headers(tenant="t", priority=2)
