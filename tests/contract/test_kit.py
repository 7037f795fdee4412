"""What the project's first description and the contract say of the test kit, as programs."""

from __future__ import annotations

from typing import Any

import pytest

from penguiflow import FlowError, FlowErrorCode, Message, Node, create, testkit
from tests.fakes.flows import Gate, chain, message, passes_on, untyped


async def test_run_one_boots_a_flow_and_returns_the_first_result() -> None:
    flow = chain(untyped(passes_on, "a"), untyped(passes_on, "b"))
    sent = message({"x": 1}, trace_id="kit-1")

    result = await testkit.run_one(flow, sent)

    assert result is sent
    testkit.assert_node_sequence("kit-1", ["a", "b"])
    events = testkit.get_recorded_events("kit-1")
    assert type(events) is tuple
    assert [event.event_type for event in events] == ["node_start", "node_success"] * 2
    assert not flow.statistics().running


async def test_run_one_records_each_run_anew_and_once() -> None:
    flow = chain(untyped(passes_on, "a"))
    for _ in range(3):
        await testkit.run_one(flow, message(trace_id="kit-2"))
    assert len(testkit.get_recorded_events("kit-2")) == 2


async def test_run_one_returns_errors_and_bare_values_as_they_are() -> None:
    async def bare(msg: Message, ctx: object) -> int:
        return 5

    assert await testkit.run_one(chain(untyped(bare, "bare")), message()) == 5
    failing = untyped(testkit.simulate_error("bad", "E"), "bad")
    error = await testkit.run_one(create(failing.to(), emit_errors_to_rookery=True), message())
    assert isinstance(error, FlowError)


async def test_run_one_takes_messages_only_and_bounds_its_wait() -> None:
    flow = chain(untyped(Gate().wait, "gate"))
    with pytest.raises(TypeError, match="Message instance"):
        await testkit.run_one(flow, "bare")  # type: ignore[arg-type]  # that it refuses is the point
    with pytest.raises(TimeoutError):
        await testkit.run_one(flow, message(), timeout_s=0.1)
    assert not flow.statistics().running


async def test_sequences_collapse_repeats_and_show_both_lists() -> None:
    flaky = untyped(testkit.simulate_error("flaky", "E", fail_times=2), "flaky", max_retries=2)
    await testkit.run_one(chain(flaky, untyped(passes_on, "b")), message(trace_id="kit-3"), timeout_s=9)

    testkit.assert_node_sequence("kit-3", ("flaky", "b"))
    with pytest.raises(AssertionError, match=r"(?s)\['b', 'flaky'\].*\['flaky', 'b'\]"):
        testkit.assert_node_sequence("kit-3", ["b", "flaky"])
    with pytest.raises(AssertionError, match="No recorded events"):
        testkit.assert_node_sequence("nobody", [])
    assert testkit.get_recorded_events("nobody") == ()


async def test_the_64_most_recent_traces_are_kept() -> None:
    flow = chain(untyped(passes_on, "a"))
    for number in range(65):
        await testkit.run_one(flow, message(trace_id=f"kit-many-{number}"))
    assert testkit.get_recorded_events("kit-many-0") == ()
    assert len(testkit.get_recorded_events("kit-many-1")) == 2


async def test_simulated_errors_count_and_then_give_a_result() -> None:
    fails = testkit.simulate_error("search", FlowErrorCode.NODE_TIMEOUT, fail_times=2, result="ok")
    for attempt in (1, 2):
        with pytest.raises(RuntimeError) as caught:
            await fails("in", None)
        words = f"[NODE_TIMEOUT] simulated failure in search (attempt {attempt})"
        assert str(caught.value) == words
    assert [await fails("in", None), await fails("in", None)] == ["ok", "ok"]
    assert (fails.simulation.attempts, fails.simulation.failures) == (4, 2)

    async def shout(value: str) -> str:
        return value.upper()

    made = testkit.simulate_error("a", "E", result_factory=shout, exception_type=LookupError)
    with pytest.raises(LookupError, match=r"\[E\] simulated failure in a \(attempt 1\)"):
        await made("in", None)
    assert await made("in", None) == "IN"
    plain = testkit.simulate_error("a", "E")
    with pytest.raises(RuntimeError):
        await plain("in", None)
    assert await plain("in", None) == "in"


def test_simulations_that_make_no_sense_are_refused() -> None:
    async def factory(value: object) -> object:
        return value

    with pytest.raises(ValueError, match="fail_times"):
        testkit.simulate_error("a", "E", fail_times=0)
    with pytest.raises(ValueError, match="only one of"):
        testkit.simulate_error("a", "E", result=1, result_factory=factory)


async def test_a_node_that_keeps_the_envelope_passes() -> None:
    async def renames(msg: Message, ctx: object) -> Message:
        return msg.model_copy(update={"payload": "new"})

    assert (await testkit.assert_preserves_message_envelope(renames)).payload == "new"
    sent = message("mine", meta={"a": 1})
    kept = await testkit.assert_preserves_message_envelope(Node(renames), message=sent)
    assert (kept.trace_id, kept.meta) == (sent.trace_id, {"a": 1})


@pytest.mark.parametrize("field", ["headers", "trace_id"])
async def test_a_node_that_changes_the_envelope_is_told_what(field: str) -> None:
    async def replaces(msg: Message, ctx: object) -> Message:
        other = message("x", trace_id=msg.trace_id if field == "headers" else "other")
        return other if field == "headers" else other.model_copy(update={"headers": msg.headers})

    with pytest.raises(AssertionError, match=field):
        await testkit.assert_preserves_message_envelope(replaces)


async def test_what_is_no_envelope_node_is_refused() -> None:
    async def number(msg: Message, ctx: object) -> int:
        return 5

    with pytest.raises(AssertionError, match="must return a Message"):
        await testkit.assert_preserves_message_envelope(number)
    with pytest.raises(TypeError, match="async node"):
        await testkit.assert_preserves_message_envelope(lambda msg, ctx: msg)  # type: ignore[arg-type]  # as above


async def test_the_stand_in_context_drops_what_is_emitted_and_refuses_chunks() -> None:
    async def emits(msg: Message, ctx: Any) -> Message:
        await ctx.emit(msg)
        ctx.emit_nowait(msg, to=None)
        return msg

    async def streams(msg: Message, ctx: Any) -> Message:
        await ctx.emit_chunk(parent=msg, text="x")
        return msg

    async def streams_as_tools_do(msg: Message, ctx: Any) -> Message:
        await ctx.emit_chunk("answer", 0, "x", done=False)
        return msg

    await testkit.assert_preserves_message_envelope(emits)
    for node in (streams, streams_as_tools_do):
        with pytest.raises(RuntimeError, match="does not support emit_chunk"):
            await testkit.assert_preserves_message_envelope(node)
