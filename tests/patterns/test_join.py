"""What a join makes of the items it collects."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penguiflow import Context, FlowError, Headers, Message, ModelRegistry, Node, create
from penguiflow.patterns import join_k
from penguiflow.types import FinalAnswer
from tests.fakes.flows import chain, message, passes_on, running, untyped
from tests.fakes.virtual_time import run_virtually


@dataclass(frozen=True)
class Part:
    """A bare item that tells its trace."""

    trace_id: str
    number: int


@pytest.mark.parametrize("k", [0, -1])
def test_a_join_of_nothing_is_refused(k: int) -> None:
    with pytest.raises(ValueError, match="k must be positive"):
        join_k("join", k)


async def test_the_kth_message_releases_a_copy_of_the_first_with_all_payloads_in_their_order() -> None:
    first = message("a", trace_id="t", deadline_s=1e12, ts=5.0, meta={"origin": "a"})
    async with running(chain(join_k("join", 3))) as flow:
        await flow.emit(first)
        await flow.emit(message("b", trace_id="t"))
        await flow.emit(message("c", trace_id="t"))
        result = await flow.fetch()

    assert result == first.model_copy(update={"payload": ["a", "b", "c"]})
    assert first.payload == "a"


async def test_further_items_begin_a_new_bucket() -> None:
    async with running(chain(join_k("join", 2))) as flow:
        for payload in range(5):
            await flow.emit(message(payload, trace_id="t"))

        assert [(await flow.fetch()).payload for _ in range(2)] == [[0, 1], [2, 3]]


async def test_a_join_of_one_passes_every_message_on_in_a_list() -> None:
    async with running(chain(join_k("join", 1))) as flow:
        await flow.emit(message("a"))

        assert (await flow.fetch()).payload == ["a"]


async def test_branches_of_a_fan_out_meet_again() -> None:
    start, left, right = (untyped(passes_on, name) for name in ("start", "left", "right"))
    join = join_k("join", 2)
    async with running(create(start.to(left, right), left.to(join), right.to(join))) as flow:
        sent = message("x")
        await flow.emit(sent)
        result = await flow.fetch()

    assert (result.payload, result.trace_id) == (["x", "x"], sent.trace_id)


async def test_typed_nodes_around_a_join_work_with_payloads_while_envelopes_travel() -> None:
    async def count(answer: FinalAnswer, ctx: Context) -> FinalAnswer:
        return FinalAnswer(text=answer.text, citations=["seen"])

    node, registry = Node(count, name="count"), ModelRegistry()
    registry.register("count", FinalAnswer, FinalAnswer)
    async with running(chain(join_k("join", 2), untyped(takes_first, "first"), node), registry) as flow:
        for text in ("a", "b"):
            await flow.emit(message(FinalAnswer(text=text), trace_id="t"))
        result = await flow.fetch()

    assert (result.trace_id, result.text, result.citations) == ("t", "a", ["seen"])


async def takes_first(joined: Message, ctx: Context) -> None:
    await ctx.emit(joined.model_copy(update={"payload": joined.payload[0]}))


async def test_meta_of_later_messages_is_kept_unless_an_earlier_one_has_the_key() -> None:
    metas: list[dict[str, Any]] = [{"cost": 1, "by": "a"}, {"cost": 2, "cache": "hit"}, {"cache": "miss"}]
    first = message(0, trace_id="t", meta=metas[0])
    async with running(chain(join_k("join", 3))) as flow:
        await flow.emit(first)
        for meta in metas[1:]:
            await flow.emit(message(0, trace_id="t", meta=meta))
        result = await flow.fetch()

    assert result.meta == {"cost": 1, "by": "a", "cache": "hit"}
    assert first.meta == {"cost": 1, "by": "a"}


async def test_headers_are_those_of_the_first_message() -> None:
    async with running(chain(join_k("join", 2))) as flow:
        for topic in (None, "later"):
            await flow.emit(Message(payload=0, trace_id="t", headers=Headers(tenant="test", topic=topic)))

        assert (await flow.fetch()).headers == Headers(tenant="test")


async def test_bare_items_with_a_trace_id_come_out_as_a_list() -> None:
    parts = [Part("t", number) for number in range(2)]
    async with running(chain(join_k("join", 2))) as flow:
        for part in parts:
            await flow.emit(part)

        assert await flow.fetch() == parts


async def test_a_bare_item_behind_a_message_counts_as_a_payload() -> None:
    async with running(chain(join_k("join", 2))) as flow:
        await flow.emit(message("a", trace_id="t"))
        await flow.emit(Part("t", 1))

        assert (await flow.fetch()).payload == ["a", Part("t", 1)]


async def test_an_item_without_a_trace_fails_the_node() -> None:
    with pytest.raises(ValueError, match="join_k requires messages with trace_id") as caught:
        await join_k("gather", 2).invoke("bare", None, registry=None)

    assert "`gather` got a bare `str`" in str(caught.value)


async def test_a_failed_branch_does_not_release_the_bucket() -> None:
    async def fails(msg: Message, ctx: Context) -> None:
        raise LookupError("no")

    start, good, bad = untyped(passes_on, "start"), untyped(passes_on, "good"), untyped(fails, "bad")
    join = join_k("join", 2)
    flow = create(start.to(good, bad), good.to(join), bad.to(join), emit_errors_to_rookery=True)
    async with running(flow):
        await flow.emit(message())

        assert isinstance(await flow.fetch(), FlowError)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await flow.fetch()


async def test_a_join_works_without_a_flow() -> None:
    join = join_k("join", 2)

    assert await join.invoke(message("a", trace_id="t"), None, registry=None) is None
    assert await join.invoke(message("x", trace_id="other"), object(), registry=None) is None
    joined = await join.invoke(message("b", trace_id="t"), Context(join), registry=None)
    assert (joined.trace_id, joined.payload) == ("t", ["a", "b"])
    assert await join.invoke(message("c", trace_id="t"), None, registry=None) is None


@given(traces=st.lists(st.sampled_from("abc"), max_size=40), k=st.integers(1, 5), seed=st.integers(0, 2**16))
@settings(deadline=None)
def test_every_k_items_of_a_trace_are_joined_in_their_order_whatever_comes_between(
    traces: list[str], k: int, seed: int
) -> None:
    async def main() -> dict[str, list[list[int]]]:
        joined: dict[str, list[list[int]]] = {}
        flow = chain(join_k("join", k))
        async with running(flow):
            for number, trace in enumerate(traces):
                await flow.emit(message(number, trace_id=trace))
            for _ in range(sum(traces.count(trace) // k for trace in "abc")):
                result = await flow.fetch()
                joined.setdefault(result.trace_id, []).append(result.payload)
        return joined

    expected: dict[str, list[list[int]]] = {}
    for trace in "abc":
        numbers = [number for number, other in enumerate(traces) if other == trace]
        for start in range(0, len(numbers) - k + 1, k):
            expected.setdefault(trace, []).append(numbers[start : start + k])
    assert run_virtually(main(), seed=seed) == expected
