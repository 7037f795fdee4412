from __future__ import annotations

from typing import Any

import pytest

from penguiflow import Message, ModelRegistry, Node, create
from penguiflow.patterns import predicate_router
from penguiflow.policies import RoutingRequest
from penguiflow.types import FinalAnswer
from tests.fakes.flows import message, passes_on, running, untyped
from tests.patterns.arrivals import Arrivals, failure_of


@pytest.mark.parametrize(
    ("decision", "reached"),
    [
        (None, []),
        ([], []),
        ((), []),
        ("b", ["b"]),
        ("a", ["first a"]),
        (["b", "a"], ["first a", "b"]),
        (("a", "b"), ["first a", "b"]),
    ],
)
async def test_an_item_goes_to_the_named_successors_or_nowhere(decision: Any, reached: list[str]) -> None:
    arrivals = Arrivals()
    successors = [arrivals.node("a", "first a"), arrivals.node("b"), arrivals.node("a", "second a")]

    labels = await arrivals.send(predicate_router("r", lambda _: decision), successors, message())

    assert sorted(labels) == sorted(reached)


async def test_a_predicate_can_return_nodes_which_need_no_name_of_their_own() -> None:
    arrivals = Arrivals()
    successors = [arrivals.node("a", "first a"), arrivals.node("b"), arrivals.node("a", "second a")]
    decisions = iter([successors[2], [successors[1], "a"]])

    labels = await arrivals.send(
        predicate_router("r", lambda _: next(decisions)), successors, message(1), message(2)
    )

    assert sorted(labels) == ["b", "first a", "second a"]


@pytest.mark.parametrize("item", [message("x", meta={"k": 1}), FinalAnswer(text="bare"), 7, ["a", "list"]])
async def test_the_predicate_and_the_successor_see_the_very_item_that_travels(item: Any) -> None:
    arrivals, seen = Arrivals(), []

    def predicate(given: Any) -> str:
        seen.append(given)
        return "a"

    await arrivals.send(predicate_router("r", predicate), [arrivals.node("a")], item)

    assert seen[0] is item
    assert arrivals.log[0][1] is item


async def test_each_of_several_targets_has_a_meta_of_its_own() -> None:
    arrivals = Arrivals()
    await arrivals.send(
        predicate_router("r", lambda _: ["a", "b"]),
        [arrivals.node("a"), arrivals.node("b")],
        message("x", meta={"seen": "router"}),
    )

    one, other = (item for _, item in arrivals.log)
    assert one == other
    assert one.meta is not other.meta


async def test_a_name_that_no_successor_has_fails_the_node_and_says_which_there_are() -> None:
    arrivals = Arrivals()
    error = await failure_of(
        predicate_router("triage", lambda _: "c"), [arrivals.node("a"), arrivals.node("b")], message()
    )

    assert isinstance(error.unwrap(), KeyError)
    assert "No successor named 'c'" in error.message
    assert "router `triage` leads to `a`, `b`" in error.message


async def test_a_router_without_successors_says_so() -> None:
    error = await failure_of(predicate_router("r", lambda _: "a"), [], message())

    assert "leads to no successor" in error.message


async def test_nothing_is_sent_when_one_of_several_targets_is_unknown() -> None:
    arrivals = Arrivals()

    assert await arrivals.send(predicate_router("r", lambda _: ["a", "c"]), [arrivals.node("a")], 1) == []


async def test_a_node_that_is_no_successor_fails_the_router() -> None:
    arrivals = Arrivals()
    stranger = arrivals.node("stranger")
    error = await failure_of(predicate_router("r", lambda _: stranger), [arrivals.node("a")], message())

    assert isinstance(error.unwrap(), KeyError)
    assert "Unknown target stranger for r" in error.message


@pytest.mark.parametrize("decision", [7, True, ["a", 7], {"a": "b"}, b"a", message()])
async def test_an_answer_that_names_nothing_fails_the_router(decision: Any) -> None:
    arrivals = Arrivals()
    error = await failure_of(predicate_router("r", lambda _: decision), [arrivals.node("a")], message())

    assert isinstance(error.unwrap(), TypeError)
    assert "Targets must be Node or str" in error.message


def test_an_async_predicate_is_refused_at_once() -> None:
    async def predicate(item: Any) -> str:
        return "a"

    with pytest.raises(TypeError, match="the predicate of router `r` must not be async"):
        predicate_router("r", predicate)  # type: ignore[arg-type] # that is the mistake


async def test_a_predicate_that_raises_fails_the_router() -> None:
    error = await failure_of(predicate_router("r", lambda item: item.payload / 0), [], message(1))

    assert isinstance(error.unwrap(), ZeroDivisionError)


async def test_typed_successors_take_the_payload_of_a_routed_message() -> None:
    async def shout(answer: FinalAnswer, ctx: Any) -> FinalAnswer:
        return FinalAnswer(text=answer.text.upper())

    node, registry = Node(shout, name="shout"), ModelRegistry()
    registry.register("shout", FinalAnswer, FinalAnswer)
    async with running(create(predicate_router("r", lambda _: "shout").to(node)), registry) as flow:
        sent = message(FinalAnswer(text="hi"))
        await flow.emit(sent)
        result = await flow.fetch()

    assert (result.text, result.trace_id) == ("HI", sent.trace_id)


async def test_a_policy_sees_the_proposal_and_may_override_it_with_another_successor() -> None:
    arrivals, requests = Arrivals(), []

    async def policy(request: RoutingRequest) -> str:
        requests.append(request)
        return "b"

    router = predicate_router("r", lambda _: "a", policy=policy)
    successors, sent = [arrivals.node("a"), arrivals.node("b")], message()

    assert await arrivals.send(router, successors, sent) == ["b"]
    (request,) = requests
    assert (request.message, request.node, request.proposed) == (sent, router, (successors[0],))
    assert (request.trace_id, request.node_name, request.proposed_names) == (sent.trace_id, "r", ("a",))
    assert request.context.owner is router


@pytest.mark.parametrize("decision", [None, [], ()])
async def test_a_policy_can_drop_an_item(decision: Any) -> None:
    arrivals = Arrivals()
    router = predicate_router("r", lambda _: "a", policy=lambda _: decision)

    assert await arrivals.send(router, [arrivals.node("a")], message()) == []


async def test_a_policy_is_not_asked_about_an_item_that_the_predicate_drops() -> None:
    arrivals = Arrivals()
    router = predicate_router("r", lambda _: None, policy=lambda _: "a")

    assert await arrivals.send(router, [arrivals.node("a")], message()) == []


async def test_a_policy_that_names_an_unknown_successor_fails_the_router() -> None:
    arrivals = Arrivals()
    router = predicate_router("r", lambda _: "a", policy=lambda _: "c")
    error = await failure_of(router, [arrivals.node("a")], message())

    assert "No successor named 'c'" in error.message


async def test_a_router_can_loop_an_item_back_to_itself() -> None:
    arrivals = Arrivals()

    def until_three(msg: Message) -> str:
        msg.payload += 1
        return "done" if msg.payload >= 3 else "r"

    router = predicate_router("r", until_three)
    router.allow_cycle = True
    assert await arrivals.send(router, [router, arrivals.node("done")], message(0)) == ["done"]
    assert arrivals.log[0][1].payload == 3


async def test_a_routed_item_reaches_the_caller_through_the_chosen_branch_only() -> None:
    left, right = untyped(passes_on, "left"), untyped(passes_on, "right")
    router = predicate_router("r", lambda msg: "left" if msg.payload < 0 else "right")
    async with running(create(router.to(left, right))) as flow:
        for payload in (-1, 1):
            await flow.emit(message(payload))

        assert (await flow.fetch(right)).payload == 1
        assert (await flow.fetch(left)).payload == -1
