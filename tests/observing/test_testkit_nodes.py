"""Nodes that fail on purpose, and nodes that keep their envelope."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from penguiflow import FlowErrorCode, Headers, Message, Node
from penguiflow.testkit import (
    assert_node_sequence,
    assert_preserves_message_envelope,
    get_recorded_events,
    run_one,
    simulate_error,
)
from tests.fakes.flows import chain, message, passes_on, untyped


async def test_a_simulated_node_fails_and_then_passes_its_message_on() -> None:
    flaky = simulate_error("flaky", FlowErrorCode.NODE_EXCEPTION, fail_times=2)
    sent = message()

    for attempt in (1, 2):
        with pytest.raises(
            RuntimeError, match=rf"^\[NODE_EXCEPTION\] simulated failure in flaky \(attempt {attempt}\)$"
        ):
            await flaky(sent, None)

    assert await flaky(sent, None) is sent
    assert (flaky.simulation.attempts, flaky.simulation.failures) == (3, 2)


async def test_failures_count_only_what_was_called() -> None:
    flaky = simulate_error("flaky", "X", fail_times=5)

    assert (flaky.simulation.attempts, flaky.simulation.failures) == (0, 0)
    with pytest.raises(RuntimeError):
        await flaky(message(), None)
    assert (flaky.simulation.attempts, flaky.simulation.failures) == (1, 1)


async def test_the_code_and_the_exception_are_the_tests() -> None:
    flaky = simulate_error("db", "E42", exception_type=ConnectionError)

    with pytest.raises(ConnectionError, match=r"^\[E42\] simulated failure in db \(attempt 1\)$"):
        await flaky(message(), None)


async def test_a_result_or_a_factory_stands_in_for_the_message() -> None:
    async def double(msg: Any) -> Any:
        return msg * 2

    fixed, made = simulate_error("n", "X", result="done"), simulate_error("n", "X", result_factory=double)
    for flaky in (fixed, made):
        with pytest.raises(RuntimeError):
            await flaky(21, None)

    assert await fixed(21, None) == "done"
    assert await made(21, None) == 42


@pytest.mark.parametrize("fail_times", [0, -1])
def test_a_node_that_never_fails_is_no_simulation(fail_times: int) -> None:
    with pytest.raises(ValueError, match=f"at least 1; got `{fail_times}`"):
        simulate_error("n", "X", fail_times=fail_times)


def test_a_result_and_a_factory_exclude_each_other() -> None:
    async def factory(msg: Any) -> Any:
        return msg

    with pytest.raises(ValueError, match="only one of"):
        simulate_error("n", "X", result=1, result_factory=factory)


async def test_a_simulated_node_is_retried_by_a_flow() -> None:
    flaky = simulate_error("flaky", "X")
    node, sent = untyped(flaky, "flaky", max_retries=1), message("in")

    result = await run_one(chain(node, untyped(passes_on, "next")), sent)

    assert result.payload == "in"
    assert flaky.simulation.attempts == 2
    assert_node_sequence(sent.trace_id, ["flaky", "next"])
    assert [event.event_type for event in get_recorded_events(sent.trace_id)][:4] == [
        "node_start",
        "node_error",
        "node_retry",
        "node_start",
    ]


def test_a_simulated_function_gives_its_node_the_name() -> None:
    assert Node(simulate_error("flaky", "X")).name == "flaky"


class Stage:
    async def work(self, msg: Message, ctx: Any) -> Message:
        await ctx.emit("side product")
        ctx.emit_nowait("side product", to=[])
        return msg.model_copy(update={"payload": "out"})


async def labelled(label: str, msg: Message, ctx: Any) -> Message:
    return msg.model_copy(update={"payload": label})


@pytest.mark.parametrize(
    "node",
    [
        Node(passes_on, name="n"),
        passes_on,
        Stage().work,
        partial(labelled, "x"),
        Node(Stage().work, name="validated nowhere"),
    ],
)
async def test_a_node_that_derives_its_message_keeps_the_envelope(node: Any) -> None:
    result = await assert_preserves_message_envelope(node)

    assert isinstance(result, Message)


async def test_the_message_and_the_context_may_be_the_tests() -> None:
    seen: list[object] = []

    async def look(msg: Message, ctx: Any) -> Message:
        seen.extend((msg, ctx))
        return msg

    sent = message()

    assert await assert_preserves_message_envelope(look, message=sent, ctx="context") is sent
    assert seen == [sent, "context"]


def plain(msg: Any, ctx: Any) -> Any:
    return msg


@pytest.mark.parametrize("node", [plain, "node", None, Stage()])
async def test_only_async_nodes_can_be_asked(node: Any) -> None:
    with pytest.raises(TypeError, match="async node"):
        await assert_preserves_message_envelope(node)


async def test_a_bare_result_has_lost_its_envelope() -> None:
    async def unwrap(msg: Message, ctx: Any) -> Any:
        return msg.payload

    with pytest.raises(AssertionError, match="must return a Message; it returned `str`"):
        await assert_preserves_message_envelope(unwrap)


async def change_trace(msg: Message, ctx: Any) -> Message:
    return msg.model_copy(update={"trace_id": "other"})


async def change_headers(msg: Message, ctx: Any) -> Message:
    return msg.model_copy(update={"headers": Headers(tenant="other")})


async def change_in_place(msg: Message, ctx: Any) -> Message:
    msg.headers.tenant = "other"
    msg.trace_id = "other"
    return msg


async def start_anew(msg: Message, ctx: Any) -> Message:
    return Message(payload=1, headers=Headers(tenant="other"))


@pytest.mark.parametrize(
    ("node", "named"),
    [
        (change_trace, {"trace_id"}),
        (change_headers, {"headers"}),
        (change_in_place, {"headers", "trace_id"}),
        (start_anew, {"headers", "trace_id"}),
    ],
)
async def test_what_changed_is_named(node: Any, named: set[str]) -> None:
    with pytest.raises(AssertionError) as caught:
        await assert_preserves_message_envelope(node)

    assert {field for field in ("headers", "trace_id") if f"`{field}` from" in str(caught.value)} == named


async def test_the_default_context_cannot_stream() -> None:
    async def stream(msg: Message, ctx: Any) -> Message:
        await ctx.emit_chunk(parent=msg, text="a")
        return msg

    with pytest.raises(RuntimeError, match="does not support emit_chunk"):
        await assert_preserves_message_envelope(stream)
