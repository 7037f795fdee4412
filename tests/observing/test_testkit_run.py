"""One message through a flow under test, and what was recorded of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from penguiflow import WM, FinalAnswer, FlowError, FlowEvent, Message, ModelRegistry, Node, create
from penguiflow.testkit import assert_node_sequence, get_recorded_events, run_one
from tests.fakes.flows import Recorder, chain, message, passes_on, untyped


def kinds(trace_id: str) -> list[str]:
    return [f"{event.event_type} {event.node_name}" for event in get_recorded_events(trace_id)]


async def nothing(msg: Any, ctx: Any) -> None:
    return None


async def broken(msg: Any, ctx: Any) -> Any:
    raise ValueError("bad input")


async def test_the_first_result_comes_back_as_it_is_and_nothing_is_left_running() -> None:
    sent = message("in")
    others = asyncio.all_tasks()

    result = await run_one(chain(untyped(passes_on, "a"), untyped(passes_on, "b")), sent)

    assert isinstance(result, Message)
    assert (result.payload, result.trace_id) == ("in", sent.trace_id)
    assert asyncio.all_tasks() == others
    assert_node_sequence(sent.trace_id, ["a", "b"])
    assert kinds(sent.trace_id) == ["node_start a", "node_success a", "node_start b", "node_success b"]


async def test_a_bare_result_comes_back_bare() -> None:
    async def unwrap(msg: Message, ctx: Any) -> Any:
        return msg.payload

    assert await run_one(chain(untyped(unwrap, "unwrap")), message("in")) == "in"


async def test_a_flow_error_comes_back_as_a_result() -> None:
    result = await run_one(chain(untyped(broken, "broken"), emit_errors_to_rookery=True), message())

    assert isinstance(result, FlowError)
    assert result.node_name == "broken"


async def test_the_registry_is_the_flows() -> None:
    flow = create(Node(passes_on, name="a").to())

    with pytest.raises(RuntimeError, match="missing entries"):
        await run_one(flow, message(), registry=ModelRegistry())
    assert isinstance(await run_one(flow, message(WM(query="q"))), Message)  # the flow is free again


async def test_only_an_envelope_has_a_trace_to_record() -> None:
    bare: Any = "bare"

    with pytest.raises(TypeError, match="Message instance"):
        await run_one(chain(untyped(passes_on, "a")), bare)


async def test_a_result_that_does_not_come_is_a_timeout_that_tells_what_was_seen() -> None:
    sent = message(trace_id="trace-1")
    flow = chain(untyped(passes_on, "a"), untyped(nothing, "sink"))

    with pytest.raises(TimeoutError) as caught:
        await run_one(flow, sent, timeout_s=0.5)

    assert str(caught.value) == (
        "no result of trace `trace-1` within 0.5 s; seen: node_start `a`, node_success `a`,"
        " node_start `sink`, node_success `sink`"
    )
    assert await run_one(chain(untyped(passes_on, "a")), sent) is not None  # the first flow was stopped


async def test_a_timeout_after_a_failure_says_how_to_get_the_error() -> None:
    with pytest.raises(
        TimeoutError, match=r"node_failed `broken`\. .*ValueError: bad input; create the flow"
    ):
        await run_one(chain(untyped(broken, "broken")), message())


async def test_a_timeout_after_many_events_tells_the_last_ones() -> None:
    flow = chain(untyped(broken, "broken", max_retries=30, backoff_base=0.0))

    with pytest.raises(TimeoutError, match=r"seen: \d+ earlier events, ") as caught:
        await run_one(flow, message())

    assert str(caught.value).count("`broken`") == 20


async def test_nothing_seen_is_said_too() -> None:
    async def slow(event: FlowEvent) -> None:
        await asyncio.sleep(2)

    with pytest.raises(TimeoutError, match="seen: nothing"):
        await run_one(chain(untyped(passes_on, "a"), middlewares=[slow]), message())


async def test_each_run_begins_a_fresh_log_and_is_recorded_once() -> None:
    flow, sent = chain(untyped(passes_on, "a")), message()

    for _ in range(3):
        await run_one(flow, sent)

    assert kinds(sent.trace_id) == ["node_start a", "node_success a"]


async def test_middlewares_of_the_flow_hear_everything_too() -> None:
    recorder, sent = Recorder(), message()

    await run_one(chain(untyped(passes_on, "a"), middlewares=[recorder]), sent)

    own = [event for event in recorder.events if event.trace_id == sent.trace_id]
    assert tuple(own) == get_recorded_events(sent.trace_id)


async def test_the_64_most_recent_traces_are_known() -> None:
    flow = chain(untyped(passes_on, "a"))
    for number in range(65):
        await run_one(flow, message(trace_id=f"kept-{number}"))

    assert get_recorded_events("kept-0") == ()
    assert all(get_recorded_events(f"kept-{number}") for number in range(1, 65))


async def test_a_trace_that_runs_again_is_recent_again() -> None:
    flow = chain(untyped(passes_on, "a"))
    for number in (0, *range(1, 64), 0, 64):
        await run_one(flow, message(trace_id=f"again-{number}"))

    assert get_recorded_events("again-0")
    assert get_recorded_events("again-1") == ()


def test_an_unknown_trace_has_no_events() -> None:
    assert get_recorded_events("never ran") == ()
    with pytest.raises(AssertionError, match="No recorded events"):
        assert_node_sequence("never ran", [])


async def test_another_sequence_shows_both() -> None:
    sent = message()
    await run_one(chain(untyped(passes_on, "a"), untyped(passes_on, "b")), sent)

    with pytest.raises(AssertionError, match=r"expected: \['b', 'a'\]\n +actual: \['a', 'b'\]"):
        assert_node_sequence(sent.trace_id, ["b", "a"])


async def test_repeats_in_a_row_count_as_one_but_are_all_recorded() -> None:
    async def think(msg: Message, ctx: Any) -> Message:
        done = msg.payload.hops == 2
        return msg.model_copy(update={"payload": FinalAnswer(text="done") if done else msg.payload})

    controller = Node(think, name="think", allow_cycle=True)
    sent = message(WM(query="q"))

    await run_one(create(controller.to(controller)), sent)

    assert_node_sequence(sent.trace_id, ["think"])
    assert kinds(sent.trace_id) == ["node_start think", "node_success think"] * 3


async def test_a_final_answer_is_worked_on_once() -> None:
    async def answer(msg: Message, ctx: Any) -> Message:
        return msg.model_copy(update={"payload": FinalAnswer(text="done")})

    sent = message("q")

    result = await run_one(chain(untyped(answer, "answer"), untyped(passes_on, "never")), sent)

    assert result.payload == FinalAnswer(text="done")
    assert kinds(sent.trace_id) == ["node_start answer", "node_success answer"]


async def test_cancelling_a_run_stops_the_flow() -> None:
    flow, others = chain(untyped(nothing, "sink")), asyncio.all_tasks()
    run = asyncio.create_task(run_one(flow, message(), timeout_s=60))
    await asyncio.sleep(1)

    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run

    assert asyncio.all_tasks() == others
