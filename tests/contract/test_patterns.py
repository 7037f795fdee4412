"""The patterns toolkit and its routing policies, as programs of somebody else."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from penguiflow import (
    DictRoutingPolicy,
    FlowError,
    Node,
    PenguiFlow,
    RoutingRequest,
    create,
    join_k,
    map_concurrent,
    predicate_router,
    union_router,
)
from penguiflow.policies import evaluate_policy
from tests.fakes.flows import message, passes_on, running, settled, untyped


class Web(BaseModel):
    kind: Literal["web"]
    url: str


class Sql(BaseModel):
    kind: Literal["sql"]
    query: str


class Plain(BaseModel):
    text: str


Source = Annotated[Web | Sql, Field(discriminator="kind")]


def fork(router: Node, *names: str, **options: Any) -> tuple[PenguiFlow, dict[str, Node]]:
    """Return a flow in which each branch adds its name to what it got."""

    def branch(name: str) -> Node:
        async def label(item: Any, ctx: Any) -> Any:
            return name, item

        return untyped(label, name)

    branches = {name: branch(name) for name in names}
    return create(router.to(*branches.values()), **options), branches


async def routed(flow: PenguiFlow, item: Any) -> list[str]:
    async with running(flow):
        await flow.emit(item)
        await settled()
        found = flow.statistics()
        waiting = sum(floe.depth for floe in found.floes if floe.target == "Rookery")
        return [(await flow.fetch())[0] for _ in range(waiting)]


@pytest.mark.parametrize(
    ("answer", "taken"),
    [
        (None, []), ([], []), ("b", ["b"]), (["a", "b"], ["a", "b"]), (("b",), ["b"]),
        ("<node>", ["a"]), (["<node>", "b"], ["a", "b"]),
    ],
)  # fmt: skip
async def test_a_predicate_names_nodes_or_nothing(answer: Any, taken: list[str]) -> None:
    def decide(item: Any) -> Any:
        if isinstance(answer, list):
            return [branches["a"] if target == "<node>" else target for target in answer]
        return branches["a"] if answer == "<node>" else answer

    flow, branches = fork(predicate_router("router", decide), "a", "b")
    assert sorted(await routed(flow, message())) == taken


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [("c", KeyError, "No successor named 'c'"), (5, TypeError, "Targets must be Node or str"),
     ([5], TypeError, "Targets must be Node or str")],
)  # fmt: skip
async def test_a_predicate_that_names_nobody_fails_the_router(answer: Any, kind: type, words: str) -> None:
    flow, _ = fork(predicate_router("router", lambda item: answer), "a", emit_errors_to_rookery=True)
    async with running(flow):
        await flow.emit(message())
        error = await flow.fetch()
    assert isinstance(error, FlowError)
    assert isinstance(error.unwrap(), kind)
    assert words in str(error)


async def test_a_policy_sees_the_proposal_and_may_name_targets_outside_of_it() -> None:
    asked: list[RoutingRequest] = []

    async def policy(request: RoutingRequest) -> list[str]:
        asked.append(request)
        return ["b", "a"]

    router = predicate_router("router", lambda item: ["a"], policy=policy)
    flow, branches = fork(router, "a", "b")
    sent = message()
    async with running(flow):
        await flow.emit(sent)
        results = [await flow.fetch(), await flow.fetch()]

    assert {name for name, _ in results} == {"a", "b"}
    assert all(item == sent for _, item in results)
    (request,) = asked
    assert (request.node_name, request.proposed_names, request.trace_id) == ("router", ("a",), sent.trace_id)
    assert (request.node, request.proposed, request.message) == (router, (branches["a"],), sent)


async def test_a_router_sends_the_very_message() -> None:
    flow, _ = fork(predicate_router("router", lambda item: "b"), "a", "b")
    sent = message()
    async with running(flow):
        await flow.emit(sent)
        _, item = await flow.fetch()
    assert item is sent


@pytest.mark.parametrize("decision", [None, []])
async def test_a_policy_may_drop_an_item(decision: Any) -> None:
    flow, _ = fork(predicate_router("router", lambda item: "a", policy=lambda request: decision), "a")
    assert await routed(flow, message()) == []


async def test_a_union_router_sends_each_variant_to_the_node_of_its_kind() -> None:
    flow, _ = fork(union_router("router", Source), "web", "sql")
    assert await routed(flow, {"kind": "sql", "query": "q"}) == ["sql"]
    assert await routed(flow, Web(kind="web", url="u")) == ["web"]
    flow, _ = fork(union_router("router", Plain | Web), "Plain", "web")
    async with running(flow):
        await flow.emit({"text": "x"})
        assert await flow.fetch() == ("Plain", Plain(text="x"))


async def test_a_join_releases_the_payloads_of_k_messages_in_the_envelope_of_the_first() -> None:
    join = join_k("join", 2)
    async with running(create(join.to())) as flow:
        first = message("a", trace_id="t", deadline_s=9e9, meta={"n": 1})
        await flow.emit(first)
        await flow.emit(message("x", trace_id="other"))
        await flow.emit(message("b", trace_id="t"))
        joined = await flow.fetch()
    assert (joined.payload, joined.trace_id, joined.deadline_s) == (["a", "b"], "t", 9e9)
    assert (joined.headers, joined.meta) == (first.headers, {"n": 1})


@pytest.mark.parametrize("k", [0, -1])
def test_a_join_of_nothing_is_refused(k: int) -> None:
    with pytest.raises(ValueError, match="k must be positive"):
        join_k("join", k)


async def test_a_join_needs_a_trace() -> None:
    flow = create(join_k("join", 2).to(), emit_errors_to_rookery=True)
    async with running(flow):
        await flow.emit("bare")
        with pytest.raises(FlowError, match="join_k requires messages with trace_id"):
            await flow.outcome(None)


async def test_concurrent_work_keeps_the_order_of_the_items_and_its_bound() -> None:
    busy = peak = 0

    async def work(n: int) -> int:
        nonlocal busy, peak
        busy += 1
        peak = max(peak, busy)
        await asyncio.sleep(10 - n)
        busy -= 1
        return n * n

    assert await map_concurrent(range(10), work, max_concurrency=3) == [n * n for n in range(10)]
    assert peak == 3
    assert await map_concurrent([], work) == []
    assert await map_concurrent([2], work, max_concurrency=0) == [4]


async def test_a_dict_policy_looks_its_decision_up_by_a_key(tmp_path: Path) -> None:
    router = untyped(passes_on, "router")

    def request(trace_id: str | None) -> RoutingRequest:
        context: Any = None  # no policy here looks at it
        return RoutingRequest(message(), context, router, (), trace_id)

    policy = DictRoutingPolicy({"t1": "a"}, default="z")
    assert [policy.select(request(key)) for key in ("t1", "t2", None)] == ["a", "z", "z"]
    policy.update_mapping({"t2": ["b"]})
    policy.set_default(None)
    assert [await evaluate_policy(policy, request(key)) for key in ("t1", "t2")] == [None, ["b"]]

    path = tmp_path / "policy.json"
    path.write_text(json.dumps({"router": "a"}))
    from_file = DictRoutingPolicy.from_json_file(path, key_getter=lambda request: request.node_name)
    assert from_file.select(request(None)) == "a"
    assert DictRoutingPolicy.from_json('{"t1": null}', default="z").select(request("t1")) is None
    with pytest.raises(TypeError, match="must decode to a mapping"):
        DictRoutingPolicy.from_json("[]")


def test_a_dict_policy_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROUTES", "t=a")
    policy = DictRoutingPolicy.from_env("ROUTES", loader=lambda text: dict([text.split("=")]))
    context: Any = None  # as above
    assert policy.select(RoutingRequest(None, context, untyped(passes_on, "r"), (), "t")) == "a"
    with pytest.raises(TypeError, match="Policy loader must return a mapping"):
        DictRoutingPolicy.from_env("ROUTES", loader=list)
    monkeypatch.delenv("ROUTES")
    with pytest.raises(KeyError, match="Environment variable 'ROUTES' not set"):
        DictRoutingPolicy.from_env("ROUTES")
